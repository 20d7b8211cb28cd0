# hides: a process, by a name with a type
# caught by: source
import os
from typing import Any
tool: Any = os
tool.system("id")
