# hides: a process, in the second part of a joined string
# caught by: source
import os
x = "a (b) " f"{os.system('id')}"
