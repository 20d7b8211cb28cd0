# hides: whatever module a caller names
# caught by: source
from importlib import import_module
def plug(name):
    return import_module(name)
