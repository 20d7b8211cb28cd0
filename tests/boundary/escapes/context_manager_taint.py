# hides: a process, by what a context manager gives
# caught by: source
import os
from contextlib import contextmanager
@contextmanager
def tools():
    yield os
with tools() as tool:
    tool.system("id")
