# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Versions of the governance policy, as they are listed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from arf_core.canonical import write_time
from arf_enterprise.stores.postgres.database import Row

Verdict = Literal["approved", "rejected", "first"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What somebody decided on a version, why and when."""

    verdict: Verdict
    issuer: str
    subject: str
    reason: str
    at: datetime

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "verdict": self.verdict,
            "issuer": self.issuer,
            "by": self.subject,
            "reason": self.reason,
            "at": write_time(self.at),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version, as it is listed; ``decision`` is None as long as it waits."""

    number: int
    digest: str
    file: str
    issuer: str
    author: str
    pushed_at: datetime
    decision: Decision | None

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "version": self.number,
            "digest": self.digest,
            "file": self.file,
            "issuer": self.issuer,
            "author": self.author,
            "pushed_at": write_time(self.pushed_at),
            "state": "waiting" if self.decision is None else self.decision.verdict,
            "decision": None if self.decision is None else self.decision.document(),
        }


def version_of(row: Row) -> Version:
    """The version that a row of ``policy_versions`` is."""
    decision = None
    if row["verdict"] is not None:
        decision = Decision(
            verdict=row["verdict"],
            issuer=row["decider_issuer"],
            subject=row["decider"],
            reason=row["reason"],
            at=row["decided_at"],
        )
    return Version(
        number=row["version"],
        digest=row["digest"],
        file=row["file"],
        issuer=row["issuer"],
        author=row["author"],
        pushed_at=row["pushed_at"],
        decision=decision,
    )
