# hides: a mode, its text with nothing in between
# caught by: source
mode = "app" + "" + "roval"
