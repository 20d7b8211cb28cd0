# hides: a table
# caught by: source
def prepare(db):
    db.executescript("CREATE TABLE IF NOT EXISTS audit (id INTEGER PRIMARY KEY)")
