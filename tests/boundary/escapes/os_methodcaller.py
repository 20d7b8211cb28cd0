# hides: a process, by methodcaller
# caught by: source
import operator
import os
operator.methodcaller("system", "id")(os)
