# hides: a process, behind a byte order mark
# caught by: source
import subprocess
