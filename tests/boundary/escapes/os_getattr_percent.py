# hides: a process, the name by percent formatting
# caught by: source
import os
getattr(os, "%sn%s" % ("pope", ""))("id")
