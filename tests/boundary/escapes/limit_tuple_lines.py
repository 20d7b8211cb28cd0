# hides: a limit, in a list of targets over two lines
# caught by: source
[other, MAX_INCIDENT_HISTORY
] = 1, 5000
