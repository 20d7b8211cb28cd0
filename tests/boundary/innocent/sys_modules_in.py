# looks like: a question about loaded modules
import sys
HAS_NUMPY = "numpy" in sys.modules
