# hides: a process, imported behind a colon
# caught by: source
if True:from os import system
