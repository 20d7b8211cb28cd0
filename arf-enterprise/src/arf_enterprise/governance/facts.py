# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What the gate is asked, and the plain facts that a policy sees of it.

1. Every name that a policy can use is bound. What is not known is None, and never 0, false or a default.
2. Numbers are doubles, in conditions and in parameters: so arithmetic never mixes types.
3. ``instances``, ``share``, ``dependents`` and ``reversible`` are known once the change is planned: all or none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from arf_core.models.action import Action
from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions.adapter import Change
from arf_enterprise.governance.ruling import BlastRadius, Rung
from arf_enterprise.targets.target import Target

PLANNED: Final = ("instances", "share", "dependents", "reversible")
"""Facts that are known once the change is planned (rule 3)."""


class Sought(Protocol):
    """What the gate reads of an intent; a ``HealingIntent`` has it."""

    @property
    def action(self) -> Action:
        """What is to be done."""

    @property
    def component(self) -> str:
        """To what."""

    @property
    def parameters(self) -> Mapping[str, object]:
        """How."""

    @property
    def confidence(self) -> float:
        """How sure the advice is, from 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of the gate. ``change`` and ``blast`` are None as long as nothing is planned.

    ``success_lower`` is the lower bound of the share of good outcomes of this action here, None if there is none yet,
    and ``outcomes`` how many it is from. ``irreversible_reason`` is why somebody wants what cannot be undone.

    Raises:
        ValueError: the target is not that of the intent, or only one of ``change`` and ``blast`` is there.
    """

    intent: Sought
    target: Target
    change: Change | None
    blast: BlastRadius | None
    wished: Rung
    requester_is_agent: bool
    tenant: str
    success_lower: float | None = None
    outcomes: int = 0
    irreversible_reason: str | None = None

    def __post_init__(self) -> None:
        if self.intent.component != self.target.component:
            raise ValueError("the target is not the component of the intent")
        if (self.change is None) is not (self.blast is None):
            raise ValueError("a planned change has a blast radius, and only a planned change has one")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """An execution that counts for rates: one that was admitted and not refused, whether it has ended or not."""

    action: str
    component: str
    environment: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a policy sees of one request; the names are those that conditions use."""

    tenant: str
    action: Action
    component: str
    environment: str
    tier: int
    owner: str
    kind: str
    confidence: float
    requester_is_agent: bool
    parameters: FrozenMap = field(default_factory=FrozenMap)
    outcomes: int = 0
    success_lower: float | None = None
    instances: int | None = None
    share: float | None = None
    dependents: int | None = None
    reversible: bool | None = None
    irreversible_reason: str | None = None

    @property
    def is_planned(self) -> bool:
        """Whether what the change reaches is known (rule 3)."""
        return self.instances is not None

    def document(self) -> FrozenMap:
        """As JSON: every name with its value, null where it is not known."""
        return FrozenMap(
            {name: getattr(self, name) for name in NAMES} | {"action": self.action.value, "parameters": self.parameters}
        )

    def bound(self) -> dict[str, object]:
        """The facts as conditions see them (rules 1 and 2)."""
        values = {name: _double(getattr(self, name)) for name in NAMES}
        return {**values, "action": self.action.value, "parameters": parameters_bound(self.parameters)}


NAMES: Final = (
    "action", "component", "environment", "tenant", "tier", "owner", "kind", "confidence", "instances", "share",
    "dependents", "reversible", "requester_is_agent", "success_lower", "outcomes",
)  # fmt: skip
"""What a condition can name, besides ``parameters.NAME``."""


def facts_of(asked: Asked) -> Facts:
    """The facts of ``asked``."""
    target, blast, change = asked.target, asked.blast, asked.change
    return Facts(
        tenant=asked.tenant,
        action=asked.intent.action,
        component=target.component,
        environment=target.environment,
        tier=target.tier,
        owner=target.owner,
        kind=target.kind,
        confidence=asked.intent.confidence,
        requester_is_agent=asked.requester_is_agent,
        parameters=FrozenMap(asked.intent.parameters),
        outcomes=asked.outcomes,
        success_lower=asked.success_lower,
        instances=None if blast is None else blast.instances,
        share=None if blast is None else blast.share,
        dependents=None if blast is None else len(blast.dependents),
        reversible=None if change is None else change.inverse is not None,
        irreversible_reason=asked.irreversible_reason,
    )


def parameters_bound(parameters: Mapping[str, object]) -> dict[str, object]:
    """Parameters as conditions see them; one that is null is left out, so that ``has`` says so."""
    return {name: _double(value) for name, value in parameters.items() if value is not None}


def _double(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
