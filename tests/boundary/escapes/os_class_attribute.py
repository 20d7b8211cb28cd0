# hides: a process, the module as a class attribute
# caught by: source
import os
class Tools:
    module = os
    def act(self):
        self.module.system("id")
