# hides: a private key, handed on as bytes
# caught by: source
def given(key):
    return key.private_bytes_raw()
