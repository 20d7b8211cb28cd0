# looks like: a version looked up on a module
import numpy
version = getattr(numpy, "__version__", "unknown")
