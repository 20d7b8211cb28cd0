# hides: a process, the module renamed twice
# caught by: source
import subprocess as sp
tool = sp
tool.run(["id"])
