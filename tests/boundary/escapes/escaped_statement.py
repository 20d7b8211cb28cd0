# hides: a statement, its verb spelled by escapes
# caught by: source
def go(cursor):
    cursor.run("D\x45LETE FROM incidents WHERE id = 1")
