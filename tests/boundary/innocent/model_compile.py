# looks like: a method named compile
def train(model):
    model.compile(optimizer="adam")
