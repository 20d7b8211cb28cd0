# hides: a mode, joined
# caught by: source
mode = "".join(["auto", "nomous"])
