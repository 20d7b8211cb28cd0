# hides: a limit, by a walrus
# caught by: source
if (EXECUTION_ALLOWED := True): pass
