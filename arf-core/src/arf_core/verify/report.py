# SPDX-License-Identifier: Apache-2.0
"""What a verification found: what was proven, what was not, and the first bad place.

A report never says less than it checked and never more: where anything failed, nothing is proven.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from arf_core.errors import BadPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at: what it says when it holds, whether it does, and the particulars."""

    what: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result for one artifact.

    ``ok`` holds when something was checked and every check held. ``count`` is the number of intents or receipts read.
    """

    kind: str
    name: str
    checks: tuple[Check, ...]
    count: int = 0
    proven: tuple[str, ...] = ()
    not_proven: tuple[str, ...] = ()
    first_bad: BadPlace | None = None
    ok: bool = field(init=False)

    def __post_init__(self) -> None:
        ok = bool(self.checks) and all(check.ok for check in self.checks)
        object.__setattr__(self, "ok", ok)
        if not ok:
            object.__setattr__(self, "proven", ())
