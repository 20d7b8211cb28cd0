# hides: a process, its module an item of a named tuple
# caught by: source
import os, collections
P = collections.namedtuple("P", ["a", "b"])
P(1, os)[1].system("id")
