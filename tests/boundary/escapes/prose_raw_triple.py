# hides: a process, behind a raw triple-quoted string
# caught by: source
x = r"""\""""; import subprocess
