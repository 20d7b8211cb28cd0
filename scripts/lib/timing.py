# SPDX-License-Identifier: Apache-2.0
"""How long something took."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

_Found = TypeVar("_Found")


def timed(work: Callable[[], _Found]) -> tuple[float, _Found]:
    """The seconds that ``work`` took, and what it gave."""
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found
