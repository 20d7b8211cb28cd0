# looks like: sys.path read
import sys
FIRST = sys.path[0]
