# hides: code in the annotation of an argument
# caught by: source
import typing
def f(x: "__import__('os').system('id')"): ...
typing.get_type_hints(f)
