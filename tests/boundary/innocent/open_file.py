# looks like: open
with open("x") as file:
    file.read()
