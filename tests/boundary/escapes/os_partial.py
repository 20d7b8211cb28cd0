# hides: a process, getattr bound beforehand
# caught by: source
import functools
import os
take = functools.partial(getattr, os)
take("system")("id")
