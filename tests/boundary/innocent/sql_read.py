# looks like: a statement that only reads
QUERY = "SELECT id FROM incidents WHERE kind = 'DELETE'"
def read(db):
    return db.execute(QUERY)
