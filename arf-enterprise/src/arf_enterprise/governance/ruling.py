# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What may become of an intent, and why: values that the gate computes and that approvals are bound to."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from arf_core.models.frozen import FrozenMap


class Rung(IntEnum):
    """The ladder; the lowest that anything asks for is the one that counts."""

    DENY = 0
    ADVISE = 1
    REQUIRE_APPROVAL = 2
    AUTONOMOUS = 3

    @property
    def label(self) -> str:
        """As policies and people write it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a rung was not higher: the rule, where it stands (``file:line``), and a sentence."""

    rung: Rung
    rule: str
    place: str
    says: str

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {"rung": self.rung.label, "rule": self.rule, "place": self.place, "says": self.says}


@dataclass(frozen=True, slots=True, kw_only=True)
class BlastRadius:
    """What a change can reach: instances of its target and the share of all it has, and who depends on it."""

    instances: int
    share: float
    dependents: tuple[str, ...] = ()

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {"instances": self.instances, "share": self.share, "dependents": list(self.dependents)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What the gate says of one intent: the rung, what an approval needs, and every reason.

    ``code`` is the error code of a DENY (``ARF-E-41xx``), None otherwise. ``quorum`` people must approve within
    ``expires_s`` seconds. ``facts`` are what the conditions saw.
    """

    rung: Rung
    policy_digest: str
    reasons: tuple[Reason, ...]
    quorum: int = 1
    expires_s: float = 86_400.0
    code: str | None = None
    facts: FrozenMap = field(default_factory=FrozenMap)

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "rung": self.rung.label,
            "policy_digest": self.policy_digest,
            "reasons": [reason.document() for reason in self.reasons],
            "quorum": self.quorum,
            "expires_s": self.expires_s,
            "code": self.code,
            "facts": self.facts,
        }
