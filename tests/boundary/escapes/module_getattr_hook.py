# hides: a process, by a module's own __getattr__
# caught by: source
import os
def __getattr__(name):
    return os
import sys
sys.modules[__name__].anything.system("id")
