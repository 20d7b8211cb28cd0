# hides: YAML with a loader that a caller names
# caught by: source
import yaml
def read(text, loader):
    return yaml.load(text, loader)
