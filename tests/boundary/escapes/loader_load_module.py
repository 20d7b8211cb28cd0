# hides: a module by this module's own loader
# caught by: source
def act(name):
    return __loader__.load_module(name)
