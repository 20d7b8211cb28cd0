# looks like: a mode that is refused
def start(mode):
    if mode == "autonomous":
        raise PermissionError("requires Enterprise")
