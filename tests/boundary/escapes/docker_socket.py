# hides: a container engine by its socket
# caught by: source
def act(client):
    client.get("unix:///var/run/docker.sock")
