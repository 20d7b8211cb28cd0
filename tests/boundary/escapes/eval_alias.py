# hides: code out of text, under another name
# caught by: source
calculate = eval
