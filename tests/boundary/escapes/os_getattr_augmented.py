# hides: a process, the name grown step by step
# caught by: source
import os
name = "sys"
name += "tem"
getattr(os, name)("id")
