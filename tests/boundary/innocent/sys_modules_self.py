# looks like: this module's own entry
import sys
THIS = sys.modules[__name__]
