# hides: a process, its attribute on another line
# caught by: source
import os
(os
 .  # a comment between
 system)("id")
