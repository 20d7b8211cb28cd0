# hides: a function made of the code of another
# caught by: source
def f():
    pass
type(f)(f.__code__, {})
