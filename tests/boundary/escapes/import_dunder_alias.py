# hides: a process, the import function renamed
# caught by: source
load = __import__
load("o" + "s").system("id")
