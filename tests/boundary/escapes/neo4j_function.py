# hides: a graph
# caught by: source
def learn():
    from neo4j import GraphDatabase
    return GraphDatabase
