# hides: a process, the module in a SimpleNamespace
# caught by: source
import os
from types import SimpleNamespace
SimpleNamespace(tool=os).tool.system("id")
