# looks like: a server and its requests, in comments and documentation only
"""Opens a socket, starts a subprocess, imports requests: none of it happens here (nor os.system("id"))."""


def f(name: str) -> str:
    """The audit log writes, ``getattr(os, name)`` runs, compile and help are builtins."""
    # sys.path.append and pickle.loads stand in a comment
    return f"os.system is only a text here, and so is exec: {name}"
