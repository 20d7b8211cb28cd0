# looks like: getattr on a module with a harmless constant name
import math
import os
tau = getattr(math, "tau", 6.28)
sep = getattr(os, "sep")
