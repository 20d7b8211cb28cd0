# hides: a process, the name in other letters that Python reads as the same
# caught by: source
import os
os.ｓystem("id")
