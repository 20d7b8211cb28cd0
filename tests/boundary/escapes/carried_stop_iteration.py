# hides: a process, its module the value of a StopIteration
# caught by: source
import os
try:
    raise StopIteration(os)
except StopIteration as end:
    end.value.system("id")
