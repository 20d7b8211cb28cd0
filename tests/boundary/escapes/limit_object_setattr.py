# hides: a limit set by the slot of object
# caught by: source
from arf_core import constants
object.__setattr__(constants, "GRAPH_STORAGE", "neo4j")
