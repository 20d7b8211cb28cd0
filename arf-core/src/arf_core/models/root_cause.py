# SPDX-License-Identifier: Apache-2.0
"""Where an incident most likely began."""

from __future__ import annotations

from dataclasses import dataclass

from arf_core.models.signal import ReasoningStep, Signal, SignalKind


@dataclass(frozen=True, slots=True, kw_only=True)
class RootCause:
    """A component that may have caused the incident.

    ``rank`` counts from 1; ``score`` is comparable within one ranking only, ``share`` is its part of all scores in
    [0, 1]. ``kind`` is the kind of its dominant signal; ``path`` leads from the component where people noticed to this
    one along calls (empty where no topology is known); ``chain`` says how the conclusion was reached.
    """

    component: str
    rank: int
    score: float
    share: float
    kind: SignalKind
    signals: tuple[Signal, ...]
    path: tuple[str, ...] = ()
    chain: tuple[ReasoningStep, ...] = ()
