# hides: native code by a made-up name
# caught by: source
__import__("".join(["c", "types"]))
