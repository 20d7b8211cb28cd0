# hides: a process, the module unpacked from a tuple
# caught by: source
import os
import sys
(first, (second, *rest)) = (sys, (os, 1))
second.system("id")
