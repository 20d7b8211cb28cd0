# hides: a connection over HTTP
# caught by: source
from http import client
client.HTTPConnection("x")
