# hides: a process, behind an f-string of Python 3.12
# caught by: source
x = f"{d["a"]}#"; import subprocess
