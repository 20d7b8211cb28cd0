# hides: a statement that changes a graph
# caught by: source
def learn(session):
    session.run("MERGE (c:Component {name: $name}) SET c.seen = timestamp()")
