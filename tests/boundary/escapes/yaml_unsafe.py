# hides: YAML that builds objects
# caught by: source
import yaml
def read(text):
    return yaml.load(text, Loader=yaml.UnsafeLoader)
