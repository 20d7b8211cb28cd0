# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Ids that sort by time: 48 bits of milliseconds, then 80 random ones, in hex (as UUID version 7, RFC 9562)."""

from __future__ import annotations

import secrets
from datetime import datetime


def new_id(prefix: str, now: datetime) -> str:
    """A new id that begins with ``prefix`` and sorts among its like by ``now``."""
    return f"{prefix}_{int(now.timestamp() * 1000):012x}{secrets.token_hex(10)}"
