# hides: a private key of PyNaCl
# caught by: source
from nacl import public
k = public.PrivateKey.generate()
