# hides: a process, by reducing getattr over names
# caught by: source
import functools
import pathlib
functools.reduce(getattr, ["os", "system"], pathlib)("id")
