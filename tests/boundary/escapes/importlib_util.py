# hides: a module from a file
# caught by: source
import importlib.util
spec = importlib.util.spec_from_file_location("x", "/tmp/x.py")
