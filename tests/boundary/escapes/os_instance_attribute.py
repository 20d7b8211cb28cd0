# hides: a process, the module kept by __init__
# caught by: source
import os
class Tools:
    def __init__(self, module):
        self._module = module
    def act(self):
        self._module.popen("id")
Tools(os).act()
