# hides: a connection, the submodule by attribute
# caught by: source
import urllib
urllib.request.urlopen("http://x")
