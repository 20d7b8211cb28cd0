# hides: a process, behind braces in an f-string of Python 3.12
# caught by: source
x = f"{'}' + d["#"]}"; import subprocess
