# hides: a signal, by the module behind os
# caught by: source
import posix
posix.kill(1, 9)
