# hides: a process, by the slot itself
# caught by: source
import os
object.__getattribute__(os, "system")("id")
