# looks like: lambdas
ITEMS = sorted([("a", 1)], key=lambda pair: pair[1])
