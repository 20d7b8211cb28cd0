# looks like: a limit under the same name
from arf_core import constants
MAX_INCIDENT_HISTORY = constants.MAX_INCIDENT_HISTORY
