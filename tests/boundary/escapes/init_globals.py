# hides: the globals behind a class of the library
# caught by: source
import logging
logging.Logger.__init__.__globals__["os"].system("id")
