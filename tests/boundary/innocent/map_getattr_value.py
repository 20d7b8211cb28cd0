# looks like: getattr mapped over values
def names(items):
    return [getattr(i, "name") for i in items]
