# looks like: a loop over the method resolution order
def slots(cls):
    return [getattr(k, "__slots__", ()) for k in cls.__mro__]
