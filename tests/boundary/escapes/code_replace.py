# hides: the code of a function replaced
# caught by: source
def f():
    pass
def g():
    return 1
f.__code__ = g.__code__
