# hides: native code, between escaped quotes
# caught by: source
x = "\""; import ctypes; y = "\""
