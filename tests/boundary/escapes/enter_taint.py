# hides: a process, by what __enter__ gives
# caught by: source
import os
class Tools:
    def __enter__(self):
        return os
    def __exit__(self, *rest): ...
with Tools() as tool:
    tool.system("id")
