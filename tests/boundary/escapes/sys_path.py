# hides: a folder from which code is imported
# caught by: source
import sys
sys.path.insert(0, "/tmp")
