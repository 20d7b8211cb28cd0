# hides: whatever member of os a caller asks for
# caught by: source
import os
def act(name):
    return getattr(os, name)("id")
