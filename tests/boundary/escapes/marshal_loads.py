# hides: code out of bytes
# caught by: source
import marshal
code = marshal.loads(b"")
