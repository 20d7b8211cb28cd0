# hides: whatever module a caller names
# caught by: source
from sys import modules as loaded
def act(name):
    return loaded[name]
