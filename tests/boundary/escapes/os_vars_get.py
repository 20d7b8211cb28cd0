# hides: a process, out of vars
# caught by: source
import os
vars(os).get("popen")("id")
