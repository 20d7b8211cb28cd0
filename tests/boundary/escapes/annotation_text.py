# hides: code in an annotation, run by get_type_hints
# caught by: source
import typing
class Value:
    field: "__import__('os').system('id')"
typing.get_type_hints(Value)
