# hides: a limit set through globals
# caught by: source
globals()["EXECUTION_ALLOWED"] = True
