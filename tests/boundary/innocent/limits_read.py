# looks like: the limits read
from arf_core import constants
from arf_core.constants import EXECUTION_ALLOWED
def cap(n):
    return min(n, constants.MAX_INCIDENT_HISTORY), getattr(constants, "GRAPH_STORAGE")
