# hides: a process, os imported from shutil
# caught by: source
from shutil import os as tools
tools.system("id")
