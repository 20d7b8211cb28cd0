# hides: a process, in an annotation that looks like a docstring
# caught by: source
import os
import typing


def f(x:
    """os.system('id')"""
    ): ...


typing.get_type_hints(f)
