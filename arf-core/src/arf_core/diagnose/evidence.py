# SPDX-License-Identifier: Apache-2.0
"""What speaks for a component being the cause, one finding a kind.

Every finding is the shift (robust deviations) of the worst metric of its kind at the component itself. Three kinds are
special:

- latency is that of requests served, as the component or its callers see it; the latency of the calls that a component
  makes is its callees' doing and never counts against it;
- network is what callers wait beyond what the component itself takes, delay between the two, or packets lost;
- traffic withheld: callees get fewer requests although the component gets as many as before, so it stopped calling
  them. That is how an early return or an exception looks from outside; it needs the call graph.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum, log1p
from typing import Final

import numpy as np

from arf_core.diagnose.shift import Shift, is_served_traffic
from arf_core.diagnose.topology import CallGraph
from arf_core.models.signal import SignalKind
from arf_core.vocabulary import Side

_READ_OFF: Final = (
    SignalKind.CPU,
    SignalKind.MEMORY,
    SignalKind.DISK,
    SignalKind.NETWORK,
    SignalKind.LATENCY,
    SignalKind.ERRORS,
    SignalKind.AVAILABILITY,
)


NOTABLE: Final = 3.0
"""Robust deviations from which a finding is not chance: 3 sigma of a normal distribution."""

HALF: Final = 0.5
"""The part of the latency from which the network is what explains it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Finding:
    """One reason to suspect a component: ``strength`` in robust deviations, ``shift`` the metric it was read off."""

    kind: SignalKind
    strength: float
    shift: Shift


Findings = Mapping[SignalKind, Finding]


def findings(shifts: Sequence[Shift], graph: CallGraph) -> dict[str, Findings]:
    """component → its findings, strongest first; every component of ``shifts`` is there."""
    of_component: dict[str, list[Shift]] = defaultdict(list)
    for shift in shifts:
        of_component[shift.component].append(shift)
    traffic = {name: served for name, found in of_component.items() if (served := _served_traffic(found))}
    return {
        name: _strongest([*_read_off(found), *_network_delay(found), *_withheld(name, traffic, graph)])
        for name, found in of_component.items()
    }


def suspicion(found: Findings) -> float:
    """How suspicious the findings make a component: their sum, damped so that a huge one does not drown the rest."""
    return fsum(log1p(finding.strength) for finding in found.values())


def dominant_kind(found: Findings, *, alert: SignalKind | None = None) -> SignalKind:
    """The kind of what lies behind the symptoms, which need not be the strongest symptom.

    1. A busy processor explains slow answers, and so does a slow way to the component: notable, they come first.
    2. ``alert`` is the kind of the alert whose blame the component carries, where it carries any.
    3. Slow answers of a component whose processor and network were looked at and are well come from its code: errors.
    4. Otherwise it is the kind of the strongest finding.
    """
    if _notable(found, SignalKind.CPU):
        return SignalKind.CPU
    strongest = next((kind for kind, finding in found.items() if finding.strength > 0), SignalKind.OTHER)
    if _notable(found, SignalKind.NETWORK) and _network_explains_latency(found):
        return SignalKind.NETWORK
    if alert is not None:
        return alert
    looked_at = SignalKind.CPU in found and SignalKind.NETWORK in found
    return SignalKind.ERRORS if strongest is SignalKind.LATENCY and looked_at else strongest


def _notable(found: Findings, kind: SignalKind) -> bool:
    return kind in found and found[kind].strength >= NOTABLE


def _network_explains_latency(found: Findings) -> bool:
    latency = found.get(SignalKind.LATENCY)
    return latency is None or found[SignalKind.NETWORK].strength >= HALF * latency.strength


def _strongest(found: Sequence[Finding]) -> Findings:
    """The strongest finding of each kind, strongest kind first; 0 where a kind was looked at and is well."""
    ordered = sorted(found, key=lambda one: (-one.strength, one.kind, one.shift.metric))
    best: dict[SignalKind, Finding] = {}
    for one in ordered:
        best.setdefault(one.kind, one)
    return best


def _read_off(shifts: Sequence[Shift]) -> list[Finding]:
    return [
        Finding(kind=shift.sense.kind, strength=shift.badness, shift=shift)
        for shift in shifts
        if shift.sense.kind in _READ_OFF and shift.sense.adverse and shift.sense.side is not Side.OUTGOING
    ]


def _network_delay(shifts: Sequence[Shift]) -> list[Finding]:
    """The rise that callers see beyond the rise the component sees itself, in the callers' deviations."""
    latency = [shift for shift in shifts if shift.sense.kind is SignalKind.LATENCY]
    own = {_twin(shift): shift for shift in latency if shift.sense.side is Side.SERVED}
    seen = [shift for shift in latency if shift.sense.side is Side.CALLERS and _twin(shift) in own]
    return [
        Finding(
            kind=SignalKind.NETWORK,
            strength=max(0.0, _rise(shift) - _rise(own[_twin(shift)])) / shift.scale,
            shift=shift,
        )
        for shift in seen
    ]


def _twin(shift: Shift) -> tuple[str, ...]:
    """The words that the two sides of one measurement share."""
    return tuple(word for word in shift.sense.words if word not in _SIDES)


_SIDES: Final = frozenset({"caller", "callers", "callee", "callees", "server", "served"})


def _rise(shift: Shift) -> float:
    return max(0.0, shift.value - shift.baseline)


def _served_traffic(shifts: Sequence[Shift]) -> Shift | None:
    return next((shift for shift in shifts if is_served_traffic(shift.metric)), None)


def _withheld(component: str, traffic: Mapping[str, Shift], graph: CallGraph) -> list[Finding]:
    """How far the component's callees lost traffic, on average, beyond what it lost itself."""
    callees = [traffic[callee] for callee in graph.callees(component) if callee in traffic]
    if component not in traffic or not callees:
        return []
    own_loss = max(0.0, -traffic[component].signed)
    losses = [max(0.0, -callee.signed - own_loss) for callee in callees]
    worst = max(callees, key=lambda callee: (-callee.signed, callee.component))
    return [Finding(kind=SignalKind.TRAFFIC, strength=float(np.mean(losses)), shift=worst)]
