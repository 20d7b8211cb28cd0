# looks like: a rotating log file
from logging.handlers import RotatingFileHandler
handler = RotatingFileHandler("x.log")
