# looks like: methodcaller on strings
from operator import methodcaller
UPPER = list(map(methodcaller("upper"), ["a"]))
