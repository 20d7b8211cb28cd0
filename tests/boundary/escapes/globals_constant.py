# hides: os out of the own globals
# caught by: source
import os
globals()["o" "s"].system("id")
