# looks like: a class made at run time
def make(name):
    return type(name, (object,), {"x": 1})
