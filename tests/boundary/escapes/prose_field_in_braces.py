# hides: a process, in a field within doubled braces
# caught by: source
import os
x = f"{{{os.system('id')}}}"
