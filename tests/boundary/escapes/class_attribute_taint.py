# hides: a process, by an attribute of a class
# caught by: source
import os
class Tools:
    shell = os
    @classmethod
    def go(cls):
        cls.shell.system("id")
