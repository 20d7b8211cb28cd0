# hides: unpickling, in an annotation of two strings
# caught by: source
import pickle as p
import typing


def f(x: "p.loads" "(DATA)") -> None: ...


typing.get_type_hints(f)
