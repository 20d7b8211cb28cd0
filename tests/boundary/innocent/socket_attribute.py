# looks like: an attribute named socket
class Lamp:
    def __init__(self, socket):
        self.socket = socket
    def fits(self, bulb):
        return self.socket == bulb.socket
