# hides: a process, beside a line that cannot be parsed
# caught by: source
def f()
    pass
import subprocess
