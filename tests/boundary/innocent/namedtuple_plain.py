# looks like: a named tuple of plain values
from collections import namedtuple

Point = namedtuple("Point", "x y system")
ORIGIN = Point(0, 0, "cartesian")
NAME = ORIGIN.system.upper()
