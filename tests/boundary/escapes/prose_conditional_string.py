# hides: a connection, behind a keyword that touches a string
# caught by: source
x = 1 if 0 else"#"; import socket
