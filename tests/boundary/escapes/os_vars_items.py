# hides: every member of os, listed
# caught by: source
import os
for name, member in vars(os).items():
    if name.startswith("sys"):
        member("id")
