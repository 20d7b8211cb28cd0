# hides: a process, the name behind base64
# caught by: source
import base64
import os
getattr(os, base64.b64decode("c3lzdGVt").decode())("id")
