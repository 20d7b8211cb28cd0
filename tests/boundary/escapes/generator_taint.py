# hides: a process, by what a generator yields
# caught by: source
import os
def tools():
    yield os
for tool in tools():
    tool.system("id")
