# looks like: the clock of timeit
from timeit import default_timer
START = default_timer()
