# looks like: members of an enum as globals
import enum
class Colour(enum.Enum):
    RED = 1
globals().update(Colour.__members__)
