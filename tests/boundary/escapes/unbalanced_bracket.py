# hides: a process, behind a bracket that is never closed
# caught by: source
def f(:
    pass
import subprocess
