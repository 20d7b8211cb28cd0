# looks like: a function of math by name
import math
def compute(name, x):
    return getattr(math, name)(x)
