# hides: a connection, an optional library
# caught by: source
try:
    import httpx
except ImportError:
    httpx = None
