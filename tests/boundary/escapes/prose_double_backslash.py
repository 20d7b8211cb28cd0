# hides: a process, behind a string that ends in a backslash
# caught by: source
x = """a\\
"""; import subprocess
y = """b\\
"""
