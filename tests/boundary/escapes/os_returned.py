# hides: a process, the module out of a function
# caught by: source
import os
def tools():
    return os
tools().system("id")
