# looks like: addresses taken apart
from urllib.parse import urlsplit, quote
import urllib.error
