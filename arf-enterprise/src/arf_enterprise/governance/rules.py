# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The parts of a governance policy, as values. ``governance.policy`` has the format of the file.

Every part has a name and the place where it stands (``file:line``), so that each reason can say both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from arf_core.policy.condition import Condition
from arf_enterprise.governance.facts import Facts
from arf_enterprise.governance.ruling import Rung

Each = Literal["action", "component", "environment"]
Per = Literal["hour", "day"]
SECONDS: Final[dict[Per, int]] = {"hour": 3600, "day": 86_400}


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What a part is for: of each fact, the values it is for; a fact that is not named may have any."""

    allowed: tuple[tuple[str, tuple[str | int, ...]], ...] = ()

    def holds(self, facts: Facts) -> bool:
        """Whether the part is for ``facts``."""
        return all(getattr(facts, name) in values for name, values in self.allowed)

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {name: sorted(values, key=str) for name, values in self.allowed}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What every part has."""

    name: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Part):
    """What becomes of requests for which ``when`` is true; an approval by ``quorum`` people within ``expires_s``."""

    when: Condition
    then: Rung
    quorum: int | None = None
    expires_s: float | None = None

    def document(self) -> dict[str, object]:
        """As JSON, in the normal form."""
        return {
            "name": self.name,
            "when": self.when.normal,
            "then": self.then.label,
            "quorum": self.quorum,
            "expires_s": self.expires_s,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling(Part):
    """The highest rung that there is ``where`` it is for."""

    where: Where
    at_most: Rung

    def document(self) -> dict[str, object]:
        """As JSON, in the normal form."""
        return {"name": self.name, "where": self.where.document(), "at_most": self.at_most.label}


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze(Part):
    """Times at which changes are frozen, by the clocks of ``zone`` (``governance.freeze`` has what they mean).

    ``weekdays`` count from 0 for Monday; ``start`` and ``end`` are minutes of the day, ``first`` and ``last`` days.
    """

    zone: str
    where: Where
    at_most: Rung = Rung.DENY
    weekdays: frozenset[int] = frozenset(range(7))
    start: int = 0
    end: int = 1440
    first: date | None = None
    last: date | None = None

    def document(self) -> dict[str, object]:
        """As JSON, in the normal form."""
        return {
            "name": self.name,
            "zone": self.zone,
            "where": self.where.document(),
            "at_most": self.at_most.label,
            "weekdays": sorted(self.weekdays),
            "from": self.start,
            "to": self.end,
            "first": None if self.first is None else self.first.isoformat(),
            "last": None if self.last is None else self.last.isoformat(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate(Part):
    """At most ``at_most`` executions ``per`` hour or day, of those ``where`` it is for.

    ``each`` names what is counted apart: with ``component``, each component has its own count.
    """

    where: Where
    each: tuple[Each, ...]
    at_most: int
    per: Per

    def document(self) -> dict[str, object]:
        """As JSON, in the normal form."""
        return {
            "name": self.name,
            "where": self.where.document(),
            "each": sorted(self.each),
            "at_most": self.at_most,
            "per": self.per,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap(Part):
    """How much a change may reach: instances, the share of all there are, components that depend on it."""

    where: Where
    instances: int | None = None
    share: float | None = None
    dependents: int | None = None

    def document(self) -> dict[str, object]:
        """As JSON, in the normal form."""
        return {
            "name": self.name,
            "where": self.where.document(),
            "instances": self.instances,
            "share": self.share,
            "dependents": self.dependents,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Autonomous(Part):
    """How well it must have gone before something runs by itself."""

    success_lower: float
    outcomes: int

    def document(self) -> dict[str, object]:
        """As JSON, in the normal form."""
        return {"success_lower": self.success_lower, "outcomes": self.outcomes}


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowIrreversible(Part):
    """Where ``quorum`` people may decide, for an explicit reason, on what cannot be undone."""

    where: Where
    quorum: int

    def document(self) -> dict[str, object]:
        """As JSON, in the normal form."""
        return {"where": self.where.document(), "quorum": self.quorum}


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernancePolicy:
    """A whole policy. ``digest`` is of its normal form, in the domain ``arf.governance-policy/1``."""

    file: str
    digest: str
    rules: tuple[Rule, ...]
    quorum: int = 1
    expires_s: float = 86_400.0
    minimum_confidence: float = 0.0
    autonomous: Autonomous | None = None
    allow_irreversible: AllowIrreversible | None = None
    ceilings: tuple[Ceiling, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    rates: tuple[Rate, ...] = ()
    blast_radius: tuple[Cap, ...] = ()
    place: str = field(default="", compare=False)
