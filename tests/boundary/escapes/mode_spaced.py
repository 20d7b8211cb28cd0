# hides: a mode, with spaces and capitals
# caught by: source
mode = " Execution "
