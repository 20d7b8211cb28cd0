# hides: a socket, its import spelled with a ligature-like letter
# caught by: source
import ſocket
