# hides: a process, its import continued on the next line
# caught by: source
import \
    subprocess
