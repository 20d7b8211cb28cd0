# hides: a process, the name behind xor
# caught by: source
import os
name = bytes(b ^ 7 for b in b"t~tsbj").decode()
getattr(os, name)("id")
