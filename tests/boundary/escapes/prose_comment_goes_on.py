# hides: a process, behind a comment that ends in a backslash
# caught by: source
# a comment \
import subprocess
