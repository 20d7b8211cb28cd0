# SPDX-License-Identifier: Apache-2.0
"""How long and how often to try: waits that double, spread by chance so that many clients do not come back at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """The bounds of one hand-over, in seconds: all of it, one attempt, the first wait and the longest."""

    total_s: float = 60.0
    attempts: int = 8
    attempt_s: float = 20.0
    first_wait_s: float = 0.5
    longest_wait_s: float = 15.0

    def wait_s(self, attempt: int, *, asked_s: float, chance: float) -> float:
        """How long to wait after the ``attempt``-th attempt (from 1), in seconds.

        Half of it is certain, the other half times ``chance`` (0 to 1); never less than the server ``asked_s`` for.
        """
        whole: float = min(self.longest_wait_s, self.first_wait_s * 2.0 ** min(attempt - 1, 30))
        return max(asked_s, whole / 2 + whole / 2 * chance)


PATIENCE: Final = Patience()
"""Up to eight attempts within a minute."""


def asked_wait_s(retry_after: str | None, date: str | None) -> float:
    """The seconds that a server's ``Retry-After`` asks for; 0 where it asks for nothing that can be read.

    A date counts from the server's own ``Date``, so nobody's clock needs to be right.
    """
    if retry_after is None:
        return 0.0
    if _SECONDS.fullmatch(retry_after):
        return float(retry_after)
    try:
        asked = parsedate_to_datetime(retry_after) - parsedate_to_datetime(date or "")
    except (TypeError, ValueError):
        return 0.0
    return max(0.0, asked.total_seconds())


_SECONDS: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
