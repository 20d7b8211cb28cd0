# hides: a process, the member as a keyword default
# caught by: source
import os
def act(command, *, run=os.system):
    run(command)
