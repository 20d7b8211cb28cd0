# hides: a mode, its text spelled by escapes
# caught by: source
mode = "\x61pproval"
