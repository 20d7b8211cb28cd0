# looks like: escapes that stand for no letter
RED = "\x1b[31m"
NOTHING = "\x00\x20\x7f"
DASH = "\u2013"
