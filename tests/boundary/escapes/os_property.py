# hides: a process, the module behind a property
# caught by: source
import os
class Tools:
    @property
    def m(self):
        return os
    def act(self):
        return getattr(self.m(), "system") if callable(self.m) else None
