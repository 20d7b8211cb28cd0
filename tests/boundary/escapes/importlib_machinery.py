# hides: a native module from a file
# caught by: source
from importlib.machinery import ExtensionFileLoader
