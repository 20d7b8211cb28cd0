# looks like: a statement inside an error message
def refuse():
    raise ValueError("DELETE FROM incidents WHERE 1 = 1 is not allowed here")
