# hides: a process, behind a semicolon
# caught by: source
x = 1; import subprocess
