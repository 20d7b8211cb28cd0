# SPDX-License-Identifier: Apache-2.0
"""How a ranking tells its reasons: which signal, its value, its baseline, and the conclusion it led to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from arf_core.diagnose.evidence import Finding, Findings
from arf_core.models.signal import ReasoningStep, SignalKind

MOST_FINDINGS: Final = 4
"""How many findings a chain names, the strongest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """The ``part`` of the blame for the excess at ``noticed`` that a component carries, and the ``path`` it took."""

    noticed: str
    part: float
    path: tuple[str, ...]


def chain_of(
    component: str, *, place: int, share: float, found: Findings, carried: Carried | None
) -> tuple[ReasoningStep, ...]:
    """The steps that put ``component`` at ``place``: its findings, the blame it carries, its share of the scores."""
    findings = [_measured(finding) for finding in list(found.values())[:MOST_FINDINGS] if finding.strength > 0]
    blame = [] if carried is None else [_handed_down(component, carried)]
    return (*findings, *blame, _ranked(component, place, share))


def _measured(finding: Finding) -> ReasoningStep:
    shift = finding.shift
    return ReasoningStep(
        step="shift",
        signal=f"{shift.component} {shift.metric}",
        value=shift.value,
        baseline=shift.baseline,
        conclusion=_meaning(finding).format(strength=finding.strength, way="up" if shift.signed >= 0 else "down"),
    )


def _meaning(finding: Finding) -> str:
    if finding.kind is SignalKind.NETWORK is finding.shift.sense.kind:
        return f"packets are lost: {_RESOURCE}"
    return _MEANS[finding.kind]


def _handed_down(component: str, carried: Carried) -> ReasoningStep:
    return ReasoningStep(
        step="topology" if carried.path else "blame",
        signal=" → ".join(carried.path) or component,
        value=round(carried.part, 4),
        baseline=None,
        conclusion=f"{carried.part:.0%} of the excess at {carried.noticed} rests at {component}",
    )


def _ranked(component: str, place: int, share: float) -> ReasoningStep:
    return ReasoningStep(
        step="rank",
        signal=component,
        value=round(share, 4),
        baseline=None,
        conclusion=f"{component} is number {place}, with {share:.0%} of all scores",
    )


_RESOURCE: Final = "{strength:.1f} robust deviations {way}"
_MEANS: Final = {
    SignalKind.LATENCY: "the component answers more slowly: {strength:.1f} robust deviations {way}",
    SignalKind.NETWORK: "callers wait longer than the component takes: {strength:.1f} robust deviations between them",
    SignalKind.TRAFFIC: "the component stopped calling this callee: on average {strength:.1f} robust deviations lost",
    SignalKind.ERRORS: "requests fail: {strength:.1f} robust deviations {way}",
    SignalKind.AVAILABILITY: "requests go unanswered: {strength:.1f} robust deviations {way}",
    SignalKind.CPU: f"the processor is busier: {_RESOURCE}",
    SignalKind.MEMORY: f"memory is fuller: {_RESOURCE}",
    SignalKind.DISK: f"the disk is busier: {_RESOURCE}",
    SignalKind.OTHER: _RESOURCE,
}
