# hides: every loaded class, by the method resolution order
# caught by: source
"".__class__.__mro__[-1].__subclasses__()
