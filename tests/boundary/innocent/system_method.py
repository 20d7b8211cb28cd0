# looks like: a method named system
def describe(host):
    return host.system()
