# hides: a limit, bound by with
# caught by: source
with open("x") as MAX_INCIDENT_HISTORY: pass
