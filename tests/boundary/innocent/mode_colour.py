# looks like: a mode of something else
color_mode = "auto"
def draw(canvas, mode="fill"):
    canvas.open("x", mode="rb")
