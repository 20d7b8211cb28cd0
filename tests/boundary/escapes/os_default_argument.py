# hides: a process, the module as a default
# caught by: source
import os
def act(command, m=os):
    m.system(command)
