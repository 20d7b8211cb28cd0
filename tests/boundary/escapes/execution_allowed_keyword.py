# hides: execution switched on
# caught by: source
def start(config):
    return config(execution_allowed=True)
