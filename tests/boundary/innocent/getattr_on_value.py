# looks like: getattr on a value
def field(event, name):
    return getattr(event, name, None)
