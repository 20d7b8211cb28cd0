# looks like: a method named eval
def column(frame):
    return frame.eval("a + b")
