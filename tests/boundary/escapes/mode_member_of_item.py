# hides: a mode that executes, by a key
# caught by: source
from modes import ArfModes

x = ArfModes["x"].APPROVAL
