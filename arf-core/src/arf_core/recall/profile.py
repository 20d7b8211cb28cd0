# SPDX-License-Identifier: Apache-2.0
"""What happened, as seen from one component: the features that recall compares and that tell a root from a bystander.

Nothing here knows a component or a metric by name. A feature is a role and two words, with a weight:

==============  ======================================================================================================
``own``         a metric of this component moved that way (heavier where it is known that it moved far)
``alone``       and at none of its replicas
``kind``        how many of this component's metrics of that kind moved that way (logarithm)
``replica``     a metric of a replica moved that way; ``spared``: and not at this component
``calls``       calls into, out of or inside this component were slow or failed (logarithm of how many)
``part``        this component's part of all such calls
``elsewhere``   the part of the other components where the metric moved that way
``call``        how many calls of the whole incident were slow or failed (logarithm)
``count``       how many of this component's metrics moved (logarithm); ``rarity``: how unusual they are in the incident
``service``     the service it is a replica of
``word``        a word of the alerts
==============  ======================================================================================================
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import log, log1p, log2, log10, sqrt

from arf_core.models.incident import Incident
from arf_core.models.signal import CallSymptom, Direction, Signal

Pattern = tuple[str, Direction]
"""A metric's name and the way it moved."""

Feature = tuple[str, str, str, float]
"""A role, two words that say what, and a weight."""

_REPLICA = re.compile(r"(?:[-_.]?\d+|-[a-z0-9]{8,10}-[a-z0-9]{5})$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """An incident sorted by component: made once, then looked at from any of its ``components`` (sorted by name).

    ``moved`` maps a component to its patterns and how heavy each is; ``calls`` maps it to (place, symptom) counts, the
    place being into, out of or inside; ``spread`` counts the components where a pattern was seen; ``totals`` are the
    sums of ``calls``; ``symptoms`` counts the calls by symptom.
    """

    components: tuple[str, ...]
    moved: Mapping[str, Mapping[Pattern, tuple[float, str]]]
    calls: Mapping[str, Mapping[tuple[str, str], int]]
    spread: Mapping[Pattern, int]
    totals: Mapping[tuple[str, str], int]
    symptoms: Mapping[str, int]
    words: tuple[str, ...]


def scene_of(incident: Incident) -> Scene:
    """The incident, sorted by component. The order in which signals and calls are given makes no difference."""
    moved: dict[str, dict[Pattern, tuple[float, str]]] = {}
    for signal in sorted(incident.signals, key=_signal_order):
        moved.setdefault(signal.component, {})[signal.metric, signal.direction] = (_weight(signal), signal.kind)
    calls, symptoms = _sorted_calls(incident.calls) if incident.calls else ({}, {})
    return Scene(
        components=tuple(sorted({*moved, *filter(is_a_name, calls)})),
        moved=moved,
        calls=calls,
        spread=_sum(moved),
        totals=_totals(calls),
        symptoms=symptoms,
        words=tuple(sorted(set(incident.words))),
    )


def features_at(scene: Scene, focus: str | None) -> Iterator[Feature]:
    """The features of the incident as seen from the component ``focus``, in a fixed order.

    With None for ``focus``, what can be said without one; nothing at all for an incident with nothing in it.
    """
    if focus is None:
        yield from _features_of_words(scene)
        return
    own = scene.moved.get(focus, {})
    service = service_of(focus)
    replicas = _patterns_of_replicas(scene, focus, service)
    yield from _features_of_own(scene, own, replicas)
    for metric, way in replicas:
        yield "replica", metric, way, 1.0
        if (metric, way) not in own:
            yield "spared", metric, way, 1.0
    yield from _features_of_calls(scene, focus)
    for pattern, components in scene.spread.items():
        if others := components - (pattern in own):
            yield "elsewhere", pattern[0], pattern[1], others / len(scene.components)
    yield "service", service, "", _SERVICE
    yield from _features_of_words(scene)


def centre_of(scene: Scene) -> str | None:
    """The most prominent component, the first by name among equals; None where there is none."""
    if len(scene.components) == 1:
        return scene.components[0]
    return max(scene.components, key=lambda name: prominence(scene, name), default=None)


def prominence(scene: Scene, component: str) -> int:
    """How much moved at the component: a metric that moved at none of its replicas counts three times.

    Load and its consequences reach all replicas of a service alike; what is wrong with one of them does not.
    """
    own = scene.moved.get(component, {})
    replicas = _patterns_of_replicas(scene, component, service_of(component))
    return sum(1 if pattern in replicas else 3 for pattern in own)


@lru_cache(maxsize=8192)
def service_of(component: str) -> str:
    """The name without what tells replicas apart: ``cart-0`` and ``cart-7d9f8b6c5d-x2x9z`` are both ``cart``."""
    return _REPLICA.sub("", component) or component


@lru_cache(maxsize=8192)
def is_a_name(component: str) -> bool:
    """Whether an end of a call is a component: tracing writes ``-1`` and the like for a caller it does not know."""
    return any(character.isalpha() for character in component)


@lru_cache(maxsize=1024)
def symptom_class(symptom: str) -> str:
    """An HTTP status by its class (``503`` is ``5xx``), anything else as it is."""
    return f"{symptom[0]}xx" if len(symptom) == 3 and symptom.isdigit() else symptom


_SERVICE = 0.3
"""How much being the same service counts: a third of one shared signal, so that it decides between equals only."""


def _signal_order(signal: Signal) -> tuple[str, str, str, str, float]:
    return signal.component, signal.metric, signal.direction, signal.kind, _weight(signal)


def _weight(signal: Signal) -> float:
    """1 where only the movement is known; otherwise from 0.5 to 2, about 1 at 2 and 1.5 at 9 robust deviations."""
    return 1.0 if signal.shift is None else min(2.0, 0.5 + log10(1.0 + max(0.0, signal.shift)))


def _sorted_calls(calls: tuple[CallSymptom, ...]) -> tuple[dict[str, Counter[tuple[str, str]]], Counter[str]]:
    found: dict[str, Counter[tuple[str, str]]] = {}
    symptoms: Counter[str] = Counter()
    for call in calls:
        symptom = symptom_class(call.symptom)
        symptoms[symptom] += 1
        if call.source == call.target:
            found.setdefault(call.source, Counter())["inside", symptom] += 1
        else:
            found.setdefault(call.target, Counter())["into", symptom] += 1
            found.setdefault(call.source, Counter())["out of", symptom] += 1
    return {name: Counter(dict(sorted(found[name].items()))) for name in sorted(found)}, Counter(
        dict(sorted(symptoms.items()))
    )


def _sum(moved: Mapping[str, Mapping[Pattern, object]]) -> dict[Pattern, int]:
    spread: dict[Pattern, int] = {}
    for patterns in moved.values():
        for pattern in patterns:
            spread[pattern] = spread.get(pattern, 0) + 1
    return spread


def _totals(calls: Mapping[str, Mapping[tuple[str, str], int]]) -> dict[tuple[str, str], int]:
    totals: dict[tuple[str, str], int] = {}
    for counts in calls.values():
        for place, count in counts.items():
            totals[place] = totals.get(place, 0) + count
    return totals


def _patterns_of_replicas(scene: Scene, focus: str, service: str) -> dict[Pattern, None]:
    found: dict[Pattern, None] = {}
    for name, patterns in scene.moved.items():
        if name != focus and service_of(name) == service:
            found.update(dict.fromkeys(patterns))
    return found


def _features_of_own(
    scene: Scene, own: Mapping[Pattern, tuple[float, str]], replicas: Mapping[Pattern, None]
) -> Iterator[Feature]:
    kinds: dict[tuple[str, str], int] = {}
    rarity = 0.0
    for pattern, (weight, kind) in own.items():
        metric, way = pattern
        yield "own", metric, way, weight
        if pattern not in replicas:
            yield "alone", metric, way, weight
        kinds[kind, way] = kinds.get((kind, way), 0) + 1
        rarity += log(len(scene.components) / scene.spread[pattern]) if scene.components else 0.0
    for (kind, direction), count in kinds.items():
        yield "kind", kind, direction, 0.5 * log2(1 + count)
    yield "count", "", "", log1p(len(own))
    yield "rarity", "", "", 0.25 * rarity


def _features_of_words(scene: Scene) -> Iterator[Feature]:
    for word in scene.words:
        yield "word", word, "", 1 / sqrt(len(scene.words))


def _features_of_calls(scene: Scene, focus: str) -> Iterator[Feature]:
    for place, count in scene.calls.get(focus, {}).items():
        yield "calls", place[0], place[1], log1p(count)
        yield "part", place[0], place[1], count / scene.totals[place]
    for symptom, count in scene.symptoms.items():
        yield "call", symptom, "", 0.5 * log1p(count)
