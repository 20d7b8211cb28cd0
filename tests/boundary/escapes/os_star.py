# hides: a process, by a star import
# caught by: source
from os import *
system("id")
