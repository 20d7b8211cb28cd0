# hides: a process, when the object is unpickled
# caught by: source
import os
class Value:
    def __reduce__(self):
        return os.system, ("id",)
