# hides: a process, by the module behind os
# caught by: source
import posix
posix.system("id")
