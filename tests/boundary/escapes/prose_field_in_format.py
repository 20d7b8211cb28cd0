# hides: a process, in the format of a field
# caught by: source
import os
x = f"{1:{os.system('id')}}"
