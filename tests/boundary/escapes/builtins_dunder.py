# hides: exec out of __builtins__
# caught by: source
run = __builtins__["ex" + "ec"] if isinstance(__builtins__, dict) else getattr(__builtins__, "ex" + "ec")
