# hides: a process, its import on a line that only a carriage return ends
# caught by: source
x = 1import subprocess