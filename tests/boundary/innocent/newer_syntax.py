# looks like: what cannot be parsed, but has no word that could matter on any Python
def f()
    return 1
