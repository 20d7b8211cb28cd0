# looks like: the sealed limits, read
from arf_core.constants import MAX_INCIDENT_HISTORY, MAX_RAG_LOOKBACK_DAYS

ROOM = 4 * MAX_INCIDENT_HISTORY


def fits(count: int, days: int) -> bool:
    """Whether both are within."""
    return count <= MAX_INCIDENT_HISTORY and days <= MAX_RAG_LOOKBACK_DAYS
