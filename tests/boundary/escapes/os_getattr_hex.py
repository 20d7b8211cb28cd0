# hides: a process, the name in hexadecimal
# caught by: source
import os
getattr(os, bytes.fromhex("666f726b").decode())()
