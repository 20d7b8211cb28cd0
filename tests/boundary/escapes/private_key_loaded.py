# hides: a private key, read from a file's text
# caught by: source
from cryptography.hazmat.primitives import serialization as s
def key(data):
    return s.load_pem_private_key(data, None)
