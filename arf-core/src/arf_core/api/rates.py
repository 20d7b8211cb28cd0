# SPDX-License-Identifier: Apache-2.0
"""Token buckets: how many requests may come, all together and from one address.

The memory is bounded: of more than :data:`MAX_CLIENTS` addresses, the one heard of longest ago is forgotten, which is
as if its bucket were full again.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

MAX_CLIENTS: Final = 10_000


class Rates:
    """The buckets of one server; times are seconds of a clock that does not go back. For one thread."""

    def __init__(self, *, whole: float, client: float, burst: float) -> None:
        """Allow ``whole`` requests a second, ``client`` from one address, and ``burst`` seconds of them at once."""
        self._whole = _Bucket(rate=whole, most=max(1.0, whole * burst))
        self._client_rate, self._client_most = client, max(1.0, client * burst)
        self._clients: OrderedDict[str, _Bucket] = OrderedDict()

    def wait(self, address: str, *, now: float) -> float:
        """Count one request of ``address``: 0 if it may pass, else in how many seconds one may."""
        bucket = self._clients.get(address)
        if bucket is None:
            bucket = self._clients[address] = _Bucket(rate=self._client_rate, most=self._client_most)
            if len(self._clients) > MAX_CLIENTS:
                self._clients.popitem(last=False)
        else:
            self._clients.move_to_end(address)
        if (seconds := bucket.lacks(now)) or (seconds := self._whole.lacks(now)):
            return seconds
        bucket.take()
        self._whole.take()
        return 0.0


class _Bucket:
    __slots__ = ("_at", "_level", "_most", "_rate")

    def __init__(self, *, rate: float, most: float) -> None:
        self._rate, self._most, self._level, self._at = rate, most, most, 0.0

    def lacks(self, now: float) -> float:
        """In how many seconds there is one, 0 if there is."""
        self._level = min(self._most, self._level + max(0.0, now - self._at) * self._rate)
        self._at = max(self._at, now)
        return 0.0 if self._level >= 1.0 else (1.0 - self._level) / self._rate

    def take(self) -> None:
        self._level -= 1.0
