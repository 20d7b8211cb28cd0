# hides: a process, inside a lambda called at once
# caught by: source
import os
(lambda m: m.popen("id"))(os)
