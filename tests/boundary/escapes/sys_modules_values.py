# hides: every loaded module
# caught by: source
import sys
for module in sys.modules.values():
    print(module)
