# hides: a process, by a global set elsewhere
# caught by: source
import os
tool = None
def fill():
    global tool
    tool = os
fill()
tool.system("id")
