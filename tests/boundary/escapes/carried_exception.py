# hides: a process, its module carried in an exception
# caught by: source
import os
try:
    raise ValueError(os)
except ValueError as error:
    error.args[0].system("id")
