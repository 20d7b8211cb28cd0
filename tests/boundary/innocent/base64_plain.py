# looks like: base64 of data
import base64
DATA = base64.b64decode("c3lzdGVt")
