# hides: a process, in the annotation of a result
# caught by: source
import os
import typing


def f() -> "os.system('id')": ...


typing.get_type_hints(f)
