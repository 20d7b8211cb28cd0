# hides: every loaded class
# caught by: source
for kind in ().__class__.__base__.__subclasses__():
    print(kind)
