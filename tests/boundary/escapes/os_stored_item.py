# hides: a process, the module stored under a key
# caught by: source
import os
tools = {}
tools["x"] = os
tools["x"].system("id")
