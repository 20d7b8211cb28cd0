# hides: a process, by attrgetter
# caught by: source
from operator import attrgetter
import os
attrgetter("system")(os)("id")
