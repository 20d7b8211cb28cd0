# hides: a process, by a class pattern
# caught by: source
import os
match os:
    case object(system=run):
        run("id")
