# hides: a process, imported by text
# caught by: source
__import__("subprocess").run(["id"])
