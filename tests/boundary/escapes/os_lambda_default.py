# hides: a process, in a lambda's default
# caught by: source
import os
act = lambda command, run=os.system: run(command)
