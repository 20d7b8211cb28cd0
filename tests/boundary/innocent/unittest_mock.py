# looks like: a mock
from unittest import mock
m = mock.Mock()
