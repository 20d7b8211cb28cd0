# SPDX-License-Identifier: Apache-2.0
"""Which component most likely caused what a window shows.

1. *Shift*: how far each metric of each component moved (``diagnose.shift``).
2. *Evidence*: what speaks for each component by itself (``diagnose.evidence``); all of it together is its suspicion.
3. *Blame*: where the component at which people noticed is known, the excess seconds or failures there are handed down
   the calls to the deepest components that explain them (``diagnose.blame``). Blame then decides;
   suspicion only orders what blame leaves equal. Without an alert or an excess, suspicion decides alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Final

from arf_core.diagnose.blame import blame
from arf_core.diagnose.chain import Carried, chain_of
from arf_core.diagnose.evidence import Findings, dominant_kind, findings, suspicion
from arf_core.diagnose.shift import Shift, shifts
from arf_core.diagnose.topology import CallGraph
from arf_core.models.root_cause import RootCause
from arf_core.models.signal import SignalKind
from arf_core.models.window import Alerting, Window

EXPLAINED: Final = 5
"""How many causes get a reasoning chain; nobody reads further."""
SUSPICION_BESIDE_BLAME: Final = 0.1
"""What the most suspicious component gets where blame decides: enough to order components without blame, no more."""


def rank(window: Window, moved: Sequence[Shift] | None = None) -> tuple[RootCause, ...]:
    """Every component of the abnormal part, the likeliest cause first, equals by name.

    ``moved`` are the window's ``shifts``, where the caller has them already.
    """
    moved = shifts(window) if moved is None else moved
    graph = CallGraph(edges=window.edges)
    evidence = findings(moved, graph)
    suspected = {name: suspicion(evidence.get(name, {})) for name in sorted(window.abnormal)}
    blamed = blame(moved, graph, window.alerting)
    scores = _scores(suspected, blamed)
    view = _View(scores=scores, evidence=evidence, blamed=blamed, graph=graph, alerting=window.alerting)
    order = sorted(scores, key=lambda name: (-scores[name], name))
    return tuple(_cause(name, place, view) for place, name in enumerate(order, start=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """What was found out, before it is told."""

    scores: Mapping[str, float]
    evidence: Mapping[str, Findings]
    blamed: Mapping[str, float]
    graph: CallGraph
    alerting: Alerting | None

    def alert_kind(self, name: str) -> SignalKind | None:
        """The kind of the alert, if ``name`` carries blame for it."""
        return self.alerting.kind if self.alerting is not None and self.blamed.get(name, 0.0) > 0 else None

    def carried(self, name: str) -> Carried | None:
        """The blame that ``name`` carries, if blame was handed down at all."""
        if self.alerting is None or not self.blamed:
            return None
        return Carried(noticed=self.alerting.component, part=self.blamed.get(name, 0.0), path=self.path_to(name))

    def path_to(self, name: str) -> tuple[str, ...]:
        """The calls from the alerting component to ``name``; empty where either is not known."""
        return () if self.alerting is None else self.graph.path(self.alerting.component, name)


def _scores(suspected: Mapping[str, float], blamed: Mapping[str, float]) -> dict[str, float]:
    highest = max(suspected.values(), default=0.0)
    if not blamed or highest <= 0:
        return {name: blamed.get(name, value) for name, value in suspected.items()}
    return {name: blamed.get(name, 0.0) + SUSPICION_BESIDE_BLAME * value / highest for name, value in suspected.items()}


def _cause(name: str, place: int, view: _View) -> RootCause:
    found = view.evidence.get(name, {})
    # fsum: what sum() gives for floats changed with Python 3.12.
    total = fsum(view.scores.values())
    share = view.scores[name] / total if total > 0 else 1 / len(view.scores)
    return RootCause(
        component=name,
        rank=place,
        score=view.scores[name],
        share=share,
        kind=dominant_kind(found, alert=view.alert_kind(name)),
        signals=tuple(dict.fromkeys(finding.shift.signal() for finding in found.values() if finding.strength > 0)),
        path=view.path_to(name),
        chain=chain_of(name, place=place, share=share, found=found, carried=view.carried(name))
        if place <= EXPLAINED
        else (),
    )
