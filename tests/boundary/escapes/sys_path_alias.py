# hides: the search path, under another name
# caught by: source
import sys
search = sys.path
search.insert(0, "/tmp")
