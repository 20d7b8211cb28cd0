# hides: a process, imported in brackets under another name
# caught by: source
from os import (path,
    system as
    run)
