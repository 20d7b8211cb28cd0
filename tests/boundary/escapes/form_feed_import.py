# hides: a process, its import behind a form feed
# caught by: source
importsubprocess
