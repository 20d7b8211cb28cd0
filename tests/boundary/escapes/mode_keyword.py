# hides: an execution mode handed over
# caught by: source
def start(server):
    server(mode="approval")
