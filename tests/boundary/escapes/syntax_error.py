# hides: whatever a file holds that cannot be parsed
# caught by: source
def broken(:
    pass
