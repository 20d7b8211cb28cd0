# hides: a process, by what a generator hands on
# caught by: source
import os
def inner():
    yield os
def outer():
    yield from inner()
next(outer()).system("id")
