# hides: a signal to another process
# caught by: source
import os
os.kill(1, 9)
