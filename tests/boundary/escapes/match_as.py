# hides: a process, by a pattern with a name
# caught by: source
import os
match os:
    case _ as tool:
        tool.system("id")
