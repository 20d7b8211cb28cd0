# hides: a process, by a property
# caught by: source
import os
class T:
    @property
    def tool(self):
        return os
T().tool.system("id")
