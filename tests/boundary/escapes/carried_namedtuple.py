# hides: a process, its module in a field of a named tuple
# caught by: source
import os
from collections import namedtuple
Pair = namedtuple("Pair", "name tool")
pair = Pair("x", os)
pair.tool.system("id")
