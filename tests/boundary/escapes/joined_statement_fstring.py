# hides: a statement, its verb in a literal and an f-string
# caught by: source
def go(store, key):
    store.run("INS" f"ERT INTO t VALUES ({key})")
