# hides: a process, behind a walrus
# caught by: source
import os
if (m := os):
    m.system("id")
