# looks like: the dictionary of self
class Box:
    def update(self, **values):
        self.__dict__.update(values)
