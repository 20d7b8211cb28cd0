# hides: a process, carried in a group of exceptions
# caught by: source
import os
try:
    raise ExceptionGroup("x", [ValueError(os)])
except* ValueError as group:
    group.exceptions[0].args[0].system("id")
