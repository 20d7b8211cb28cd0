# hides: a process, in a list of imports over several lines
# caught by: source
from os import (
    path,
    system as run,
)
run("id")
