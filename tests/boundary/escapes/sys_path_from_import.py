# hides: the search path, imported by name
# caught by: source
from sys import path as places
places.append("/tmp")
