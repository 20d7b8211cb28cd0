# hides: a process, in an annotation of three quotes
# caught by: source
import os
import typing

x: """os.system('id')"""
typing.get_type_hints(__import__(__name__))
