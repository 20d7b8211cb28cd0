# hides: a process, by the default of a lambda
# caught by: source
import os
go = lambda text, tool=os: tool.system(text)
go("id")
