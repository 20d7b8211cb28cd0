# looks like: prose with the words of Cypher
TEXT = "Match (or search) the pattern and set a flag; merge (if needed) and create (rarely)."
def show(write):
    write(TEXT)
