# hides: a process, its name spelled by escapes
# caught by: source
import os
getattr(os, "\x73\x79\x73\x74\x65\x6d")("id")
