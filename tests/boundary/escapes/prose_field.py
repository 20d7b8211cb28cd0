# hides: a process, in the field of an f-string
# caught by: source
import os
x = f"a sentence {os.system('id')}"
