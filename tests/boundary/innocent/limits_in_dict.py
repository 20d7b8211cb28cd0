# looks like: the names of the limits as keys
ROWS = {"EXECUTION_ALLOWED": False, "MAX_INCIDENT_HISTORY": 1000}
ROWS.pop("EXECUTION_ALLOWED")
