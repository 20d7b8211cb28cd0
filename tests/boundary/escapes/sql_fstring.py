# hides: a statement with a table from outside
# caught by: source
def change(db, table, value):
    db.run(f"UPDATE {table} SET state = {value} WHERE id = 1")
