# hides: the search path, set by a slice
# caught by: source
import sys
sys.path[0:0] = ["/tmp"]
