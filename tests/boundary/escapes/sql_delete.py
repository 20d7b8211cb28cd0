# hides: a statement that changes a table
# caught by: source
def clean(cursor):
    cursor.execute("DELETE FROM incidents WHERE age > 7")
