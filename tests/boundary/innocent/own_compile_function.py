# looks like: a function of the module named compile
def compile(text):
    return text.split()
parts = compile("a b")
