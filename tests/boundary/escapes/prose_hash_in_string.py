# hides: a process, behind a string that looks like a comment
# caught by: source
x = "#"; import subprocess
