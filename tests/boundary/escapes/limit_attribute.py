# hides: a limit raised from outside
# caught by: source
from arf_core import constants
constants.MAX_INCIDENT_HISTORY = 10_000
