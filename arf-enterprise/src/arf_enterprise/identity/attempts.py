# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Who failed too often waits: a bucket of failures for each address and each key.

1. :data:`BURST` failures may come at once, then one every :data:`EVERY_S` seconds.
2. The memory is bounded: of more than :data:`MOST` names, the one heard of longest ago is forgotten.
3. It is the memory of this process, and empty after a restart, which a stranger cannot cause. What failed before is in
   the audit log.
4. An IPv6 address counts as its /64: one customer has all of it.
"""

from __future__ import annotations

from collections import OrderedDict
from ipaddress import ip_address, ip_network
from threading import Lock
from typing import Final

BURST: Final = 10
EVERY_S: Final = 6.0
MOST: Final = 10_000


class Attempts:
    """Failures by name; times are seconds of a clock that does not go back. Safe to share between threads."""

    def __init__(self) -> None:
        """Nothing failed yet."""
        self._lock = Lock()
        self._by_name: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """Name → failures that still count, and when that was so."""

    def wait(self, name: str, *, now: float) -> float:
        """In how many seconds ``name`` may try again; 0 if it may now."""
        with self._lock:
            over = self._level(name, now) - (BURST - 1)
        return max(0.0, over * EVERY_S)

    def failed(self, name: str, *, now: float) -> bool:
        """Count a failure; whether it is the one from which ``name`` has to wait."""
        with self._lock:
            level = self._level(name, now)
            self._by_name[name] = (level + 1, now)
            self._by_name.move_to_end(name)
            if len(self._by_name) > MOST:  # rule 2
                self._by_name.popitem(last=False)
        return level <= BURST - 1 < level + 1

    def _level(self, name: str, now: float) -> float:
        level, since = self._by_name.get(name, (0.0, now))
        return max(0.0, level - (now - since) / EVERY_S)  # rule 1


def network_of(address: str) -> str:
    """What counts as one caller (rule 4)."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    return str(found.ipv4_mapped or ip_network((found, 64), strict=False))
