# hides: a mode, its text in two literals
# caught by: source
mode = "auto" "nomous"
