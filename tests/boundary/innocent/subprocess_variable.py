# looks like: a variable named subprocess
def split(process):
    subprocess = process.children[0]
    return subprocess.run
