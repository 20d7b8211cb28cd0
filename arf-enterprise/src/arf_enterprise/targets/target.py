# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""A target: a component that ARF may change, the ways to change it, and how its health is told.

1. A target has no way for an action that no way of it lists: then that action is impossible there.
2. Credentials are references (``file:/run/secrets/x``, ``env:NAME``, ``command:…``), never values; the broker
   (``targets.broker``) reads them when an adapter is made, and nothing keeps them.
3. Everything is frozen; the digest of a target commits to all of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from arf_core.canonical import digest
from arf_core.models.action import Action
from arf_core.models.frozen import FrozenMap

DOMAIN: Final = "arf.target/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to change a target: an adapter, the actions it is for, its settings, references to credentials."""

    adapter: str
    actions: frozenset[Action]
    settings: FrozenMap = field(default_factory=FrozenMap)
    credentials: FrozenMap = field(default_factory=FrozenMap)

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "adapter": self.adapter,
            "actions": sorted(action.value for action in self.actions),
            "settings": self.settings,
            "credentials": self.credentials,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One question about health. ``settings`` are those of its kind (``targets.inventory`` has the format).

    A ``symptom`` is what should be gone afterwards; any other is what must not get worse.
    """

    name: str
    kind: Literal["http", "prometheus", "adapter"]
    is_symptom: bool
    settings: FrozenMap = field(default_factory=FrozenMap)

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {"name": self.name, "kind": self.kind, "is_symptom": self.is_symptom, "settings": self.settings}


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthPlan:
    """How health is told after a change; times in seconds.

    It is well when every symptom is gone and nothing got worse for ``sustained_s``, within ``window_s``; it is asked
    every ``interval_s``, the first time after ``settle_s``. ``traffic_floor`` is the share of the traffic before that
    must still arrive, where an adapter can tell it.
    """

    window_s: float = 60.0
    interval_s: float = 2.0
    settle_s: float = 0.0
    sustained_s: float = 10.0
    traffic_floor: float = 0.5
    probes: tuple[Probe, ...] = ()

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "window_s": self.window_s,
            "interval_s": self.interval_s,
            "settle_s": self.settle_s,
            "sustained_s": self.sustained_s,
            "traffic_floor": self.traffic_floor,
            "probes": [probe.document() for probe in self.probes],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A component. ``tier`` is 1 (most critical) to 4; ``kind`` is the class that learning shares among components."""

    component: str
    environment: str
    tier: int
    owner: str
    kind: str
    depends_on: tuple[str, ...] = ()
    ways: tuple[Way, ...] = ()
    health: HealthPlan = field(default_factory=HealthPlan)

    def way(self, action: Action) -> Way | None:
        """The way for ``action``, None if there is none (rule 1)."""
        return next((way for way in self.ways if action in way.actions), None)

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "component": self.component,
            "environment": self.environment,
            "tier": self.tier,
            "owner": self.owner,
            "kind": self.kind,
            "depends_on": list(self.depends_on),
            "ways": [way.document() for way in self.ways],
            "health": self.health.document(),
        }

    @property
    def digest(self) -> str:
        """The digest of the document in the domain ``arf.target/1`` (rule 3)."""
        return digest(DOMAIN, self.document())
