# looks like: literals beside each other, as in any table
WORDS = ("audi", "ted", "exec", "utives")
TEXT = "one " "two"
PREFIX = b'"schema"' + b'"name"'
