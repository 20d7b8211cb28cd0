# hides: a listening socket
# caught by: source
from http.server import HTTPServer
