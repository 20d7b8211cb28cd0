# hides: a process, the name from character codes
# caught by: source
import os
getattr(os, "".join(chr(c) for c in (115, 121, 115, 116, 101, 109)))("id")
