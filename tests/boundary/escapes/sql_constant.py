# hides: a statement held in a constant
# caught by: source
STATEMENT = """
    insert into incidents (id, name)
    values (%s, %s)
"""
def keep(connection):
    connection.execute(STATEMENT)
