# hides: a process, beside a function that cannot be parsed
# caught by: source
def broken(:
    pass
import subprocess
