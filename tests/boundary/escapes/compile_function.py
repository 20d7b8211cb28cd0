# hides: code compiled and made a function
# caught by: source
import types
types.FunctionType(compile("1", "x", "eval"), {})()
