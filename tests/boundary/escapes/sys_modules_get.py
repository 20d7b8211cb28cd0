# hides: a process, os out of sys.modules
# caught by: source
import sys
sys.modules.get("o" + "s").system("id")
