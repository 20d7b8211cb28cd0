# hides: a process, in a comprehension of a class
# caught by: source
import os
class Tools:
    found = [m.system("id") for m in (os,)]
