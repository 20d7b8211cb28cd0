# hides: a process, by inspect
# caught by: source
import inspect
import os
inspect.getattr_static(os, "system")("id")
