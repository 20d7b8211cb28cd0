# hides: a process, by the key of a sort
# caught by: source
import os
sorted(["id"], key=os.system)
