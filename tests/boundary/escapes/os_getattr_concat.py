# hides: a process, the name put together
# caught by: source
import os
getattr(os, "sys" + "tem")("id")
