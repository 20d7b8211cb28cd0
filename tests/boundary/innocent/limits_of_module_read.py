# looks like: limits that are set, but they are only read
from arf_core import constants
from arf_core.constants import MAX_INCIDENT_HISTORY


def f(count: int, room: int = MAX_INCIDENT_HISTORY) -> str:
    """At most MAX_INCIDENT_HISTORY are kept."""
    if not 1 <= count <= MAX_INCIDENT_HISTORY:
        raise ValueError(f"{count} of {MAX_INCIDENT_HISTORY} is {constants.LIMITS_DIGEST}")
    return str(constants.LIMITS_DIGEST)
