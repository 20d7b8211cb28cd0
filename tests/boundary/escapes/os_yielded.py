# hides: a process, the module out of a generator
# caught by: source
import os
def tools():
    yield os
for t in tools():
    t.fork()
