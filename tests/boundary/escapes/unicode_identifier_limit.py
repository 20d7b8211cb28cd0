# hides: a limit, assigned in full-width letters
# caught by: source
ＭAX_INCIDENT_HISTORY = 5000
