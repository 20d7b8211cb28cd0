# hides: a process, its attribute spelled with mathematical letters
# caught by: source
import os
os.𝓼𝔂𝓼𝓽𝓮𝓶("id")
