# hides: a process, os out of pathlib
# caught by: source
import pathlib
pathlib.os.system("id")
