# hides: the search path, added to
# caught by: source
import sys
sys.path += ["/tmp"]
