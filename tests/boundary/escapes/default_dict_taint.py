# hides: a process, by a default of a mapping
# caught by: source
import os
from collections import defaultdict
tools = defaultdict(lambda: os)
tools["x"].system("id")
