# looks like: a dictionary called modules
modules = {"a": 1}
modules["b"] = 2
print(modules.pop("a"), modules.values())
