# looks like: the subclasses of an own class
class Action:
    pass
KINDS = [k.__name__ for k in Action.__subclasses__()]
