# hides: a limit bound by a loop
# caught by: source
for EXECUTION_ALLOWED in (True,):
    pass
