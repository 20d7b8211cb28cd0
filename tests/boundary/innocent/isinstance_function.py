# looks like: a question about function types
import types
def callable_kind(x):
    return isinstance(x, (types.FunctionType, types.ModuleType))
