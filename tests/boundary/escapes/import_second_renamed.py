# hides: a connection, imported second under another name
# caught by: source
import math as m, requests as r
