# hides: a process, its module unpacked from an exception
# caught by: source
import os
def f():
    raise KeyError("x", os)
try:
    f()
except KeyError as e:
    name, tool = e.args
    tool.system("id")
