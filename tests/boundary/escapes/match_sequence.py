# hides: a process, by a pattern over a sequence
# caught by: source
import os
match ["x", os]:
    case [name, tool]:
        tool.system("id")
