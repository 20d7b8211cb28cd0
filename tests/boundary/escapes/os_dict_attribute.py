# hides: a process, out of the module's dictionary
# caught by: source
import os
os.__dict__["system"]("id")
