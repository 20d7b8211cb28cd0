# looks like: annotations as text
def f(x: "subprocess.Popen[bytes]", y: "t.Literal['exec']") -> "os.PathLike[str]":
    return x
