# hides: a process, by the bound slot
# caught by: source
import os
os.__getattribute__("sys" "tem")("id")
