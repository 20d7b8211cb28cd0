# hides: a connection, imported second
# caught by: source
import math, requests
