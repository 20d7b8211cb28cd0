# hides: a process, by a descriptor
# caught by: source
import os
class Give:
    def __get__(self, instance, owner):
        return os.popen
class Holder:
    give = Give()
Holder().give("id")
