# hides: a connection by a logging handler
# caught by: source
import logging.handlers
logging.handlers.SocketHandler("x", 1)
