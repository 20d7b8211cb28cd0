# hides: builtins in the globals of a function
# caught by: source
def f():
    pass
f.__globals__["__builtins__"]["eval"]("1")
