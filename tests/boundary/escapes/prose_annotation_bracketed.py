# hides: a process, in an annotation in brackets behind a comment
# caught by: source
import os
import typing


class A:
    x: (  # so it is,
        "os.system('id')"
    )


typing.get_type_hints(A)
