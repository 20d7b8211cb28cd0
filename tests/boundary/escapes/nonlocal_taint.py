# hides: a process, by a nonlocal name
# caught by: source
import os
def outer():
    tool = None
    def inner():
        nonlocal tool
        tool = os
    inner()
    tool.system("id")
