# hides: whatever dir finds
# caught by: source
import os
for name in dir(os):
    if len(name) == 6:
        getattr(os, name)
