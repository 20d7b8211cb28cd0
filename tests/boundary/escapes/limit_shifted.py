# hides: a limit, shifted behind a line that reads it
# caught by: source
from arf_core.constants import MAX_INCIDENT_HISTORY

z = (MAX_INCIDENT_HISTORY); MAX_INCIDENT_HISTORY <<= 3
