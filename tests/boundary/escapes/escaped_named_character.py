# hides: a module imported by text with a named character
# caught by: source
__import__("\N{LATIN SMALL LETTER S}ubprocess")
