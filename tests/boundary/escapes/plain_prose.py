# hides: a process, beside prose that cannot be parsed
# caught by: source
this is not python at all
import subprocess
