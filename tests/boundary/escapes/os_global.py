# hides: a process, the module bound by another function
# caught by: source
import os
tool = None
def prepare():
    global tool
    tool = os
def act():
    tool.system("id")
