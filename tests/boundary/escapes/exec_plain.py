# hides: code out of text
# caught by: source
exec("print(1)")
