# hides: exec, spelled with full-width letters
# caught by: source
ｅxec("import os")
