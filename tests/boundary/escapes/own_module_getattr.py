# hides: any global of this module, the imported ones included
# caught by: source
import os
import sys
def act(name):
    return getattr(sys.modules[__name__], name)
