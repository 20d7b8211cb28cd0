# looks like: a class named code
class Code:
    code = "exec"
    def __init__(self, code):
        self.code = code
print(Code("x").code)
