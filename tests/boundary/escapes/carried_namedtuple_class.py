# hides: a process, its module in a typed named tuple
# caught by: source
import os
from typing import Any, NamedTuple
class Pair(NamedTuple):
    name: str
    tool: Any
Pair("x", os).tool.system("id")
