# hides: modules by names from outside
# caught by: source
modules = list(map(__import__, open("names").read().split()))
