# hides: a connection, between quotes of the other kind
# caught by: source
x = '''"""'''; import socket
y = '''"""'''
