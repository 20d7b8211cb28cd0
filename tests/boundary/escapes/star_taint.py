# hides: a process, by everything of os
# caught by: source
from os import *
system("id")
