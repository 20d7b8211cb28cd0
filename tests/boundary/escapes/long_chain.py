# hides: a process, at the end of a long chain
# caught by: source
import os
x = os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.path.os.system
