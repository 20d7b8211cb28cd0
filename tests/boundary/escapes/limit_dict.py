# hides: a limit set in the module's dictionary
# caught by: source
import arf_core.constants
arf_core.constants.__dict__["MAX_INCIDENT_HISTORY"] = 5
