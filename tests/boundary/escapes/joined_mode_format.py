# hides: a mode, formatted in a keyword
# caught by: source
def f(**k): pass
f(mode="{}roval".format("app"))
