# SPDX-License-Identifier: Apache-2.0
"""What a verification found: what was proven, what was not, and the first bad place.

A report never says less than it checked and never more: where anything failed, nothing is proven.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at: what it says when it holds, whether it does, and the particulars."""

    what: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadPlace:
    """The first thing that does not verify.

    ``where`` is a place in the artifact (``line 3``, ``item 2``; empty for the whole of it), ``what`` the altered part,
    ``stated`` the digest or id the artifact states and ``computed`` the one its content gives; both are None where the
    content cannot be read far enough to compute anything.
    """

    where: str
    what: str
    stated: str | None = None
    computed: str | None = None

    def __str__(self) -> str:
        place = f"{self.where}: {self.what}" if self.where else self.what
        return place if self.stated is None else f"{place} (stated {self.stated}, computed {self.computed})"


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
