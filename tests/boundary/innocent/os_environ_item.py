# looks like: an environment variable by name
import os
def setting(name):
    return os.environ[name]
