# hides: a process, chosen by a condition
# caught by: source
import os
import math
(os if math.pi > 3 else math).system("id")
