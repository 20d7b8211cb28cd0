# looks like: methods named send and connect
class Signal:
    def connect(self, receiver):
        return receiver
    def send(self, value):
        return value
Signal().connect(print)
