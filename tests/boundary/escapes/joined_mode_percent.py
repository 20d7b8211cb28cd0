# hides: a mode, formatted
# caught by: source
mode = "%snomous" % "auto"
