# hides: a connection, behind a string that ends like a docstring begins
# caught by: source
X = """
def f():
    """
import socket
Y = """
    """
