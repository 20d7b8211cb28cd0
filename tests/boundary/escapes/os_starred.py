# hides: a process, the module in a starred rest
# caught by: source
import os
first, *rest = 1, os
rest[0].system("id")
