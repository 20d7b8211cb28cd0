# looks like: parameters named like builtins
def choose(exec, eval, compile):
    return exec(eval), compile
