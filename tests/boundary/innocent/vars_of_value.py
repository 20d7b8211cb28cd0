# looks like: vars of a value
def fields(value):
    return {**vars(value), **value.__dict__}
