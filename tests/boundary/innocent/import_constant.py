# looks like: a harmless module by importlib
import importlib
decimal = importlib.import_module("decimal")
