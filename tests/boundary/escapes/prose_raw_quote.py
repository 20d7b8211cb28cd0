# hides: a connection, behind a raw string with an escaped quote
# caught by: source
x = r"\""; import socket  # "
