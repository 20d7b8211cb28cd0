# hides: every member of os, by inspect
# caught by: source
import inspect
import os
dict(inspect.getmembers(os))["system"]("id")
