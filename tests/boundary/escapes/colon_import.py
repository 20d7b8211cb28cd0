# hides: a process, behind a colon
# caught by: source
if True: import subprocess
