# looks like: what an exception says

def words(text: str) -> object:
    """The number in a text, or why there is none."""
    try:
        return int(text)
    except ValueError as error:
        return error.args[0]
