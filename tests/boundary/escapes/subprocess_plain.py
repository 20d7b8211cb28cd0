# hides: a process, by a plain import
# caught by: source
import subprocess
