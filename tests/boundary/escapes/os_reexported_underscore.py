# hides: a process, os out of random
# caught by: source
import random
random._os.system("id")
