# hides: code of whoever is installed
# caught by: source
from importlib.metadata import entry_points
for point in entry_points(group="arf.plugins"):
    point.load()
