# looks like: getattr on self with a made-up name
class Visitor:
    def visit(self, node):
        return getattr(self, f"visit_{type(node).__name__}", self.generic)(node)
    def generic(self, node):
        return node
