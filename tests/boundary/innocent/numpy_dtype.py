# looks like: a type of numpy by an f-string
import numpy as np
def kind(bits):
    return getattr(np, f"float{bits}")
