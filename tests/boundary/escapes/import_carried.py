# hides: a connection, carried along by a module that has nothing to do with it
# caught by: source
from asyncio.base_events import socket
s = socket.socket()
