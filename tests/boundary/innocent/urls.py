# looks like: addresses
neo4j_docs_url = "https://neo4j.com/docs/subprocess"
SOCKET_GUIDE = "https://docs.python.org/3/library/socket.html"
