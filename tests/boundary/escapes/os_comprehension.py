# hides: a process, in a comprehension
# caught by: source
import os
[m.system("id") for m in (os,)]
