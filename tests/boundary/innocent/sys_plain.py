# looks like: harmless members of sys
import sys
print(sys.argv, sys.version_info, sys.stdout, sys.maxsize)
