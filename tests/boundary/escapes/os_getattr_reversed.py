# hides: a process, the name backwards
# caught by: source
import os
getattr(os, "metsys"[::-1])("id")
