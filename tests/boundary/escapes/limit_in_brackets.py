# hides: a limit, raised in brackets
# caught by: source
from arf_core.constants import MAX_INCIDENT_HISTORY

MAX_INCIDENT_HISTORY = (MAX_INCIDENT_HISTORY + 5)
