# hides: native code
# caught by: source
import ctypes
