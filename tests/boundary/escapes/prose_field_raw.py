# hides: a process, in a field of a raw f-string
# caught by: source
import os
x = Rf"\{os.system('id')}"
