# hides: a connection, imported in the line of another import
# caught by: source
from math import pi; import requests
