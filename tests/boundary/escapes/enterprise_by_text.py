# hides: the other edition, by text
# caught by: source
import importlib
importlib.import_module("arf_" + "enterprise.execution")
