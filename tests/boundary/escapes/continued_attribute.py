# hides: a process, its attribute on a continued line
# caught by: source
import os
os.\
system("id")
