# hides: a process, imported under a name in a branch
# caught by: source
try:
    import os as tool
except ImportError:
    tool = None
tool.system("id")
