# hides: a statement that empties a graph
# caught by: source
def forget(tx):
    tx.run("MATCH (n) DETACH DELETE n")
