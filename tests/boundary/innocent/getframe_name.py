# looks like: the name of the caller's module
import sys
CALLER = sys._getframe(0).f_globals.get("__name__", "__main__")
