# hides: a process, the module appended to a list
# caught by: source
import os
tools = []
tools.append(os)
tools[0].system("id")
