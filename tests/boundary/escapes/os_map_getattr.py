# hides: a process, by mapping getattr
# caught by: source
import os
list(map(getattr, [os], ["system"]))[0]("id")
