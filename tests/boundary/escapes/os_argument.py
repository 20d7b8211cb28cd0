# hides: a process, the module handed to a function
# caught by: source
import os
def act(m):
    m.system("id")
act(os)
