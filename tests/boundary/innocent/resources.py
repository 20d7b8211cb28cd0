# looks like: package data
from importlib import resources
TEXT = resources.files("arf_core").joinpath("x.json")
