# looks like: status codes
from http import HTTPStatus
OK = HTTPStatus.OK
