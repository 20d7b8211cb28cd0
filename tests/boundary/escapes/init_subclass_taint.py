# hides: a process, in the hook of a subclass
# caught by: source
import os
class Base:
    def __init_subclass__(cls, tool=os):
        tool.system("id")
class Sub(Base): ...
