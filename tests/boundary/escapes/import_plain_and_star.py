# hides: a process, beside an import of its name from elsewhere
# caught by: source
from collections.abc import Set
import os
os.system("id")
