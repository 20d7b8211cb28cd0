# hides: a process, the name in an f-string
# caught by: source
import os
part = "exec"
getattr(os, f"{part}vp")("id", ["id"])
