# looks like: counting
from collections import defaultdict

counts: dict[str, int] = defaultdict(int)
counts["a"] += 1
