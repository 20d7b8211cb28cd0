# hides: a process, the name behind rot13
# caught by: source
import codecs
import os
getattr(os, codecs.decode("flfgrz", "rot13"))("id")
