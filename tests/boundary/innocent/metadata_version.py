# looks like: the version of an installed package
from importlib.metadata import PackageNotFoundError, version
