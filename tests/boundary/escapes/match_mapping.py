# hides: a process, by a pattern over a mapping
# caught by: source
import os
match {"tool": os}:
    case {"tool": tool}:
        tool.system("id")
