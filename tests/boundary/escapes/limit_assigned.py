# hides: a limit raised in its module
# caught by: source
EXECUTION_ALLOWED = True
