# looks like: a path that is not the search path
import sys


def shown(path: str = "x") -> str:
    """Where it is, for people."""
    return f"{sys.prefix}/{path}"


print(shown(path="y"), len(sys.path))
