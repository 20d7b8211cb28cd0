# looks like: partial
from functools import partial, reduce
import operator
ADD = partial(operator.add, 1)
TOTAL = reduce(operator.mul, [1, 2, 3])
