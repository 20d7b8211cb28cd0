# SPDX-License-Identifier: Apache-2.0
"""Where an incident began, told from its alerts and the symptoms of its calls alone: no metric values are needed.

Rules, in the order of the reasoning chain:
1. What moved at a component counts, and three times where none of its replicas shows it.
2. What is known of earlier roots (``InMemoryIncidents.known_roots``) says how much each signal, each call symptom and
   their combination count; the first rule fades as the number of known roots grows.
3. Where calls are known, a cause carries the path by which it reaches the component where people noticed: the caller
   furthest up. The path does not change the order.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from math import sqrt

import numpy as np

from arf_core.models.incident import Incident
from arf_core.models.root_cause import RootCause
from arf_core.models.signal import CallSymptom, ReasoningStep, Signal, SignalKind
from arf_core.recall.embedding import SignalEmbedder
from arf_core.recall.focus import KnownRoots, believe
from arf_core.recall.profile import is_a_name, service_of
from arf_core.recall.statistics import PatternStatistics

Edges = Sequence[tuple[str, str]]
"""(caller, callee) pairs."""

SLOW = "PD"
"""The symptom of a call that took too long (``models.signal.CallSymptom``)."""

MOST_STEPS = 6
"""How many signals a reasoning chain names; the rest are counted."""


def rank_alerts(
    incident: Incident,
    *,
    edges: Edges = (),
    roots: KnownRoots | None = None,
    statistics: PatternStatistics | None = None,
) -> tuple[RootCause, ...]:
    """The components of ``incident``, the likeliest to have caused it first; empty if it names none.

    ``score`` is a log-odds and ``share`` a belief (they sum to 1). ``edges`` are (caller, callee) pairs beside those
    that the incident's calls show; ``roots`` and ``statistics`` are those of the memory.
    """
    belief = believe(incident, roots or KnownRoots(embedder=SignalEmbedder()))
    callers = _callers(edges, incident.calls)
    known = 0 if roots is None else roots.incidents
    causes = []
    for rank, row in enumerate(np.argsort(-belief.odds, kind="stable").tolist(), start=1):
        component, share = belief.components[row], round(float(belief.shares[row]), 6)
        signals = tuple(sorted((s for s in incident.signals if s.component == component), key=_order))
        causes.append(
            RootCause(
                component=component,
                rank=rank,
                score=round(float(belief.odds[row]), 6),
                share=share,
                kind=_dominant_kind(signals),
                signals=signals,
                path=_path_from_the_top(component, callers),
                chain=(
                    *_steps_of_signals(incident, component, signals, statistics),
                    *_steps_of_calls(incident.calls, component),
                    _conclusion(component, rank, share, known),
                ),
            )
        )
    return tuple(causes)


_DIRECTNESS = {
    SignalKind.MEMORY: 4.0,
    SignalKind.CPU: 3.0,
    SignalKind.AVAILABILITY: 2.0,
    SignalKind.ERRORS: 2.0,
    SignalKind.LATENCY: 1.5,
    SignalKind.NETWORK: 1.5,
}
"""How directly a kind of signal tells what is wrong: a resource that runs out tells more than requests that stay away,
and memory more than CPU, because a process that starts again or collects garbage takes CPU too."""


def _dominant_kind(signals: tuple[Signal, ...]) -> SignalKind:
    """The kind with the most signals (square root, so that three percentiles are not three findings), by directness."""
    counts = Counter(signal.kind for signal in signals)
    return max(
        sorted(counts), key=lambda kind: sqrt(counts[kind]) * _DIRECTNESS.get(kind, 1.0), default=SignalKind.OTHER
    )


def _order(signal: Signal) -> tuple[str, str]:
    return signal.metric, signal.direction


def _steps_of_signals(
    incident: Incident, component: str, signals: tuple[Signal, ...], statistics: PatternStatistics | None
) -> list[ReasoningStep]:
    service = service_of(component)
    at_replicas = {
        (s.metric, s.direction)
        for s in incident.signals
        if s.component != component and service_of(s.component) == service
    }
    steps = []
    for signal in signals[:MOST_STEPS]:
        pattern = (signal.metric, signal.direction)
        where = "here and at a replica" if pattern in at_replicas else "here and at no replica"
        seen = f", {statistics.seen(pattern)}" if statistics is not None else ""
        steps.append(
            ReasoningStep(
                step="what moved",
                signal=f"{component}: {signal.metric}",
                value=signal.value if signal.value is not None else f"{signal.direction}",
                baseline=signal.baseline if signal.baseline is not None else "its normal band",
                conclusion=f"{signal.metric} went {signal.direction} {where}{seen}",
            )
        )
    return steps


def _steps_of_calls(calls: tuple[CallSymptom, ...], component: str) -> list[ReasoningStep]:
    found: Counter[tuple[str, str]] = Counter()
    for call in calls:
        if call.source == call.target == component:
            found["inside", call.symptom] += 1
        elif call.target == component:
            found["into", call.symptom] += 1
        elif call.source == component:
            found["out of", call.symptom] += 1
    return [
        ReasoningStep(
            step="calls",
            signal=f"calls {place} {component}",
            value=symptom,
            baseline="calls without symptoms",
            conclusion=_said_of_calls(count, place, component, symptom),
        )
        for (place, symptom), count in sorted(found.items())
    ]


def _said_of_calls(count: int, place: str, component: str, symptom: str) -> str:
    calls = f"{count} kind{'' if count == 1 else 's'} of calls {place} {component}"
    are = "is" if count == 1 else "are"
    return f"{calls} {are} slow" if symptom == SLOW else f"{calls} {are} answered with {symptom}"


def _conclusion(component: str, rank: int, share: float, known: int) -> ReasoningStep:
    means = f"{known} earlier roots" if known else "how much moved at each component and not at its replicas"
    return ReasoningStep(
        step="rank",
        signal=component,
        value=share,
        baseline=None,
        conclusion=f"{component} is number {rank}, with {share:.0%} of the belief, judged by {means}",
    )


def _callers(edges: Edges, calls: tuple[CallSymptom, ...]) -> dict[str, list[str]]:
    pairs = {*((caller, callee) for caller, callee in edges), *((call.source, call.target) for call in calls)}
    callers: dict[str, list[str]] = {}
    for caller, callee in sorted(pairs):
        if caller != callee and is_a_name(caller):
            callers.setdefault(callee, []).append(caller)
    return callers


def _path_from_the_top(component: str, callers: dict[str, list[str]]) -> tuple[str, ...]:
    """The shortest way from a caller that nobody calls to ``component``; empty where no caller is known.

    In a cycle without a top, the way from the caller that is furthest off.
    """
    if not callers.get(component):
        return ()
    paths: dict[str, tuple[str, ...]] = {component: (component,)}
    queue = deque([component])
    furthest: tuple[str, ...] = ()
    while queue:
        nearer = queue.popleft()
        furthest = paths[nearer]
        if not callers.get(nearer):
            break
        for caller in callers[nearer]:
            if caller not in paths:
                paths[caller] = (caller, *furthest)
                queue.append(caller)
    return furthest
