# looks like: str.format
TEXT = "{} of {}".format("exec", "eval")
