# hides: a process, the name by format
# caught by: source
import os
getattr(os, "{}{}".format("po", "pen"))("id")
