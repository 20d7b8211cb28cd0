# hides: a limit, in a tuple of targets
# caught by: source
(MAX_INCIDENT_HISTORY, other) = 5000, 1
