# hides: a process, the module in a list
# caught by: source
import os
tools = [None, os]
tools[1].system("id")
