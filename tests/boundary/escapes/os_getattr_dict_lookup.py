# hides: a process, the name out of a dictionary
# caught by: source
import os
NAMES = {"read": "popen"}
getattr(os, NAMES["read"])("id")
