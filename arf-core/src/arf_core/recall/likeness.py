# SPDX-License-Identifier: Apache-2.0
"""What two incidents have in common, in words: why one was recalled for the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from arf_core.models.incident import Incident
from arf_core.recall.profile import Pattern, service_of, symptom_class

_MOST = 4
"""How many things of one sort are named before "and n more"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """The traits of an incident by which it can resemble another: at its beginning, elsewhere, in calls and words."""

    service: str | None
    here: frozenset[Pattern]
    elsewhere: frozenset[Pattern]
    calls: frozenset[str]
    words: frozenset[str]


def likeness_of(incident: Incident, focus: str | None) -> Likeness:
    """The traits of ``incident``, taken to have begun at ``focus``."""
    here = frozenset((s.metric, s.direction) for s in incident.signals if s.component == focus)
    return Likeness(
        service=service_of(focus) if focus else None,
        here=here,
        elsewhere=frozenset((s.metric, s.direction) for s in incident.signals if s.component != focus),
        calls=frozenset(symptom_class(call.symptom) for call in incident.calls),
        words=frozenset(incident.words),
    )


@lru_cache(maxsize=4096)
def shared(one: Likeness, other: Likeness) -> tuple[str, ...]:
    """What the two have in common, the most telling first; empty if nothing can be named.

    Remembered, because many incidents have the same traits.
    """
    found = [f"same service: {one.service}"] if one.service and one.service == other.service else []
    if here := one.here & other.here:
        found.append("where it began: " + _listed(_in_words(here)))
    if elsewhere := one.elsewhere & other.elsewhere:
        found.append("elsewhere: " + _listed(_in_words(elsewhere)))
    if calls := one.calls & other.calls:
        found.append("calls: " + _listed(sorted(calls)))
    if words := one.words & other.words:
        found.append("alert words: " + _listed(sorted(words)))
    return tuple(found)


def _in_words(patterns: Iterable[Pattern]) -> list[str]:
    return [f"{metric} {direction}" for metric, direction in sorted(patterns)]


def _listed(items: list[str]) -> str:
    rest = len(items) - _MOST
    return ", ".join(items[:_MOST]) + (f" and {rest} more" if rest > 0 else "")
