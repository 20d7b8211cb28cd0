# hides: a module by the loader of the spec
# caught by: source
__spec__.loader.load_module("os").system("id")
