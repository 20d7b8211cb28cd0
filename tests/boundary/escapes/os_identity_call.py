# hides: a process, the module through an unknown function
# caught by: source
import os
from somewhere import same
same(os).system("id")
