# hides: a process, the name by replace
# caught by: source
import os
getattr(os, "sXstem".replace("X", "y"))("id")
