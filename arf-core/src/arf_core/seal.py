# SPDX-License-Identifier: Apache-2.0
"""From a proposal to a sealed intent.

Scores are rounded before they are sealed (six decimals, confidence four), because the last bits of a vector product
depend on the processor, and an intent has the same digest on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from arf_core.models.action import Action
from arf_core.models.anomaly import Anomaly
from arf_core.models.frozen import FrozenMap, Shape
from arf_core.models.healing_intent import HealingIntent
from arf_core.models.incident import Match
from arf_core.models.root_cause import RootCause
from arf_core.models.signal import ReasoningStep
from arf_core.policy.decide import Proposal

ROLLBACK_HINTS: Final[Mapping[Action, str]] = {
    Action.ROLLBACK: "deploy the revision that runs now again",
    Action.RESTART_CONTAINER: "nothing to undo: the same image and configuration start again",
    Action.SCALE_OUT: "scale back to the number of replicas that runs now",
    Action.CIRCUIT_BREAKER: "close the breaker again",
    Action.TRAFFIC_SHIFT: "shift the same share of traffic back",
    Action.ALERT_TEAM: "nothing to undo: people are told",
}


def seal(
    proposals: Iterable[Proposal],
    *,
    incident_id: str,
    detected_at: datetime,
    anomalies: Sequence[Anomaly],
    causes: Sequence[RootCause],
    matches: Sequence[Match],
) -> tuple[HealingIntent, ...]:
    """The intents that say what ``proposals`` propose, each with the evidence and reasoning it rests on."""
    # Frozen once: intents about one component share them, and with them their canonical text.
    similar = tuple(map(_similar, matches))
    chains = {cause.component: tuple(map(_step, cause.chain)) for cause in causes}
    evidence = {anomaly.component: _evidence(anomaly) for anomaly in anomalies}
    return tuple(
        HealingIntent(
            action=proposal.action,
            component=proposal.component,
            parameters=proposal.parameters,
            incident_id=incident_id,
            detected_at=detected_at,
            justification="; ".join(proposal.because),
            confidence=round(proposal.confidence, 4),
            reasoning_chain=chains.get(proposal.component, ()),
            similar_incidents=similar,
            policy_applied=f"{proposal.rule.name}@{proposal.rule.policy_digest}",
            rollback_hint=ROLLBACK_HINTS[proposal.action],
            evidence=evidence.get(proposal.component, _NO_EVIDENCE),
        )
        for proposal in proposals
    )


_NO_EVIDENCE: Final = FrozenMap()
_STEP: Final = Shape("step", "signal", "value", "baseline", "conclusion")
_SIMILAR: Final = Shape("incident_id", "score", "age_s", "fault_type", "action", "outcome")


def _step(step: ReasoningStep) -> FrozenMap:
    return _STEP.of(step.step, step.signal, _rounded(step.value), _rounded(step.baseline), step.conclusion)


def _similar(match: Match) -> FrozenMap:
    incident = match.incident
    return _SIMILAR.of(
        incident.incident_id,
        round(match.score, 6),
        match.age_s,
        incident.fault_type,
        incident.action,
        incident.outcome.value,
    )


def _evidence(anomaly: Anomaly) -> FrozenMap:
    return FrozenMap(
        {
            "severity": anomaly.severity.value,
            "score": round(anomaly.score, 6),
            "measured": {name: _rounded(value) for name, value in anomaly.measured.items()},
        }
    )


def _rounded(value: object) -> object:
    return round(value, 6) if isinstance(value, float) else value
