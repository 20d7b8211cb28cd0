# SPDX-License-Identifier: Apache-2.0
"""The components to decide about: the root cause first, then the others that are anomalous."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from arf_core.models.anomaly import Anomaly
from arf_core.models.root_cause import RootCause
from arf_core.models.signal import Signal, SignalKind
from arf_core.policy.condition import Facts, facts_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One component: its anomalies, worst first (none if it was only inferred), and its place among the causes."""

    component: str
    kind: SignalKind
    anomalies: tuple[Anomaly, ...]
    cause: RootCause | None

    def facts(self, names: Sequence[str]) -> Facts:
        """What conditions that use ``names`` can test. Of several anomalies, the worst one's values count."""
        others: dict[str, object] = {"component": self.component, "kind": self.kind.value}
        if self.anomalies:
            others["severity"] = self.anomalies[0].severity.value
            others["score"] = float(self.anomalies[0].score)
        if "words" in names:
            others["words"] = [word for anomaly in self.anomalies for word in anomaly.words]
        return facts_of([anomaly.measured for anomaly in self.anomalies], others, names=names)


def subjects_of(anomalies: Sequence[Anomaly], causes: Sequence[RootCause]) -> tuple[Subject, ...]:
    """The first cause, then the other components with anomalies: by rank as a cause, then worst first, then by name."""
    of: dict[str, list[Anomaly]] = {}
    for anomaly in sorted(anomalies, key=_worst_first) if len(anomalies) > 1 else anomalies:
        of.setdefault(anomaly.component, []).append(anomaly)
    ranked = sorted(causes, key=lambda cause: cause.rank) if len(causes) > 1 else causes
    by_component = {cause.component: cause for cause in reversed(ranked)}
    order = dict.fromkeys((*(cause.component for cause in ranked), *of))
    first = ranked[0].component if ranked else None
    return tuple(
        _subject(component, tuple(of.get(component, ())), by_component.get(component))
        for component in order
        if component in of or component == first
    )


def _subject(component: str, anomalies: tuple[Anomaly, ...], cause: RootCause | None) -> Subject:
    kind = cause.kind if cause is not None else _dominant(signal for anomaly in anomalies for signal in anomaly.signals)
    return Subject(component=component, kind=kind, anomalies=anomalies, cause=cause)


def _dominant(signals: Iterable[Signal]) -> SignalKind:
    strongest = max(signals, key=lambda signal: signal.shift or 0.0, default=None)
    return SignalKind.OTHER if strongest is None else strongest.kind


def _worst_first(anomaly: Anomaly) -> tuple[int, float, str, str]:
    return -anomaly.severity.rank, -anomaly.score, anomaly.component, anomaly.detected_at.isoformat()
