# looks like: a list called path
class Walk:
    path = []
    def go(self, step):
        self.path.append(step)
        self.path.insert(0, step)
