# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What a process remembers of its database for a short time, in memory alone, to save asking again.

1. Nothing is remembered for longer than it was said to be: what another process changed is seen after that time.
2. At most :data:`MOST` things: beyond that, all are forgotten.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Final

MOST: Final = 10_000


@dataclass(slots=True)
class Remembered:
    """Values by key, each until its time is over. Safe to share between threads; ``clock`` gives seconds."""

    clock: Callable[[], float] = time.monotonic
    _known: dict[Hashable, tuple[float, object]] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def get(self, key: Hashable) -> object | None:
        """The value of ``key``, None if there is none any more."""
        found = self._known.get(key)
        return None if found is None or found[0] <= self.clock() else found[1]  # rule 1

    def put(self, key: Hashable, value: object, *, seconds: float) -> None:
        """Remember ``value`` for ``seconds``."""
        with self._lock:
            if len(self._known) >= MOST:  # rule 2
                self._known.clear()
            self._known[key] = (self.clock() + seconds, value)

    def forget(self, key: Hashable) -> None:
        """Forget the value of ``key``."""
        with self._lock:
            self._known.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._known.clear()
