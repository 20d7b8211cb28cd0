# hides: builtins as the owner of a builtin function
# caught by: source
print.__self__.eval("1")
