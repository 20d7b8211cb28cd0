# looks like: a question about what is installed
from importlib.util import find_spec
HAS = find_spec("matplotlib") is not None
