# hides: a process, by a walrus in a condition
# caught by: source
import os
if (tool := os):
    tool.system("id")
