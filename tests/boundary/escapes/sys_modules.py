# hides: a process, the module out of sys.modules
# caught by: source
import sys
sys.modules["subprocess"].run(["id"])
