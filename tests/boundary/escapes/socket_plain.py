# hides: a connection
# caught by: source
import socket
