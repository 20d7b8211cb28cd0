# hides: a module imported by text in octal escapes
# caught by: source
__import__("\163ubprocess")
