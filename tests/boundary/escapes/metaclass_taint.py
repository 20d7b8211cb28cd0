# hides: a process, by an attribute of a metaclass
# caught by: source
import os
class Meta(type):
    tool = os
class Thing(metaclass=Meta): ...
Thing.tool.system("id")
