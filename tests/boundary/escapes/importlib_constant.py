# hides: a process, by importlib
# caught by: source
import importlib
importlib.import_module("sub" + "process").run(["id"])
