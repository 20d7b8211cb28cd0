# looks like: harmless members of os
import os
from os import PathLike, fspath, getcwd
print(os.getpid(), os.cpu_count(), os.linesep, os.stat("."))
