# looks like: modules that are only renamed
import json
import math
a, b = json, math
b, a = a, b
a.dumps({})
