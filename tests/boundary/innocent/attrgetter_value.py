# looks like: attrgetter as a sort key
from operator import attrgetter, itemgetter
def ordered(items):
    return sorted(items, key=attrgetter("score.value")), sorted(items, key=itemgetter(1))
