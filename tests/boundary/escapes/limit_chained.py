# hides: a limit, in a chain of assignments
# caught by: source
other = MAX_RAG_LOOKBACK_DAYS = 70
