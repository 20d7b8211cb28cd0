# hides: a statement, its verb in two literals
# caught by: source
def go(store):
    store.run("DEL" + "ETE FROM incidents WHERE id = 1")
