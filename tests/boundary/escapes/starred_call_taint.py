# hides: a process, by starred arguments
# caught by: source
import os
def go(tool, text):
    tool.system(text)
go(*[os, "id"])
