# looks like: the module requests, but it is one of its own package
from collections.abc import Callable

from package.web import requests, server


def f(call: Callable[[], int]) -> object:
    return requests.count(server, call)
