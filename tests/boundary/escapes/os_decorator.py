# hides: a process, as a decorator
# caught by: source
import os
@os.system
def command():
    return "id"
