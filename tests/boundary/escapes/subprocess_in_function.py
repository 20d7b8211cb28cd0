# hides: a process, imported inside a function
# caught by: source
def act() -> None:
    from subprocess import run as go
    go(["id"])
