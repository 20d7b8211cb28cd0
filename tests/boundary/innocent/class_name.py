# looks like: names of classes
def label(x):
    return x.__class__.__name__ + type(x).__module__
