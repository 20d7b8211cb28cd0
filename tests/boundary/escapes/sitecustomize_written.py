# hides: a file that Python runs when it starts
# caught by: source
def act(folder):
    open(folder + "/sitecustomize.py", "w")
