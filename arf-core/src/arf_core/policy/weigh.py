# SPDX-License-Identifier: Apache-2.0
"""Orders candidate actions and says how much each is believed in.

The confidence of an action is the share of belief that it is the right first answer::

    (H_a + m * P_a) / (W + m)

- ``H_a`` is the weight of the recalled incidents that the action healed, and ``W`` of all recalled incidents that say
  anything about it (healed by some action, or not healed by this one). A recalled incident weighs
  ``exp((score - best) / NEARNESS) * max(0, score)``: the nearest count most, distant ones little altogether.
- ``P_a`` is what the kind of the first root cause's dominant signal suggests (the table below), and ``m``
  (:data:`PRIOR_WEIGHT`) says how many recalled incidents that is worth. Where conditions of the policy are true, the
  order in which they state their actions counts too: 1/2 for the first, 1/4 for the second, and so on. In the mix the
  diagnosis counts four fifths where it measured against a baseline; where it only repeats the reading that the
  conditions tested, the policy counts three quarters.

So without memory the policy and the table decide, without causes the order given, and an action nothing speaks for
keeps a little: no confidence is 0 or 1. Outcomes are read where they are recalled; nothing is learned from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp

from arf_core.models.action import Action
from arf_core.models.incident import Match, Outcome
from arf_core.models.root_cause import RootCause
from arf_core.models.signal import SignalKind

NEIGHBOURS = 10
"""How many recalled incidents are heard."""

NEARNESS = 0.05
"""The difference in similarity that makes a recalled incident weigh e times less."""

PRIOR_WEIGHT = 0.75
"""How many recalled incidents, as near as the nearest, the kind of the root cause is worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """An action, the belief in [0, 1] that it is the right first answer, and what speaks for and against it."""

    action: Action
    confidence: float
    because: tuple[str, ...]


def weigh(
    candidates: Sequence[Action], causes: tuple[RootCause, ...], matches: tuple[Match, ...], *, stated: int = 0
) -> tuple[Weighed, ...]:
    """``candidates``, the most believed first; among equals the order given, which is that of the policies.

    The first ``stated`` of them were stated by conditions that are true, in that order.
    """
    prior = _prior(causes)
    if stated:
        prior = _mixed(prior, candidates[:stated], causes)
    heard = _heard(matches)
    weighed = [_weighed(action, prior[action], heard, causes) for action in dict.fromkeys(candidates)]
    return tuple(sorted(weighed, key=lambda one: -one.confidence))


def is_measured(cause: RootCause) -> bool:
    """Whether the diagnosis measured against a baseline, and so knows more than the reading that conditions test."""
    return any(signal.shift is not None for signal in cause.signals)


@dataclass(slots=True)
class _Taken:
    """What the recalled incidents say of one action: how many it healed and not, and what they weigh together."""

    healed: int = 0
    failed: int = 0
    weight_healed: float = 0.0
    weight_failed: float = 0.0


@dataclass(frozen=True, slots=True)
class _Heard:
    """What the recalled incidents say: by action, how many there are, and what all healed ones weigh together."""

    by_action: dict[str, _Taken]
    count: int
    weight_healed: float


_UNKNOWN = 0.25
"""The belief in an action before anything is known of the root cause."""

_LEAST = 0.05
"""The belief in an action that the kind of the root cause does not suggest."""

_SUGGESTED: dict[SignalKind, dict[Action, float]] = {
    SignalKind.CPU: {Action.SCALE_OUT: 0.8, Action.RESTART_CONTAINER: 0.1},
    SignalKind.MEMORY: {Action.RESTART_CONTAINER: 0.8, Action.SCALE_OUT: 0.1},
    SignalKind.NETWORK: {Action.CIRCUIT_BREAKER: 0.8, Action.TRAFFIC_SHIFT: 0.1},
    SignalKind.ERRORS: {Action.ROLLBACK: 0.7, Action.CIRCUIT_BREAKER: 0.1, Action.RESTART_CONTAINER: 0.1},
    SignalKind.AVAILABILITY: {Action.RESTART_CONTAINER: 0.7, Action.TRAFFIC_SHIFT: 0.1, Action.ROLLBACK: 0.1},
    SignalKind.LATENCY: {Action.CIRCUIT_BREAKER: 0.6, Action.SCALE_OUT: 0.1, Action.RESTART_CONTAINER: 0.1},
    SignalKind.TRAFFIC: {Action.ROLLBACK: 0.4, Action.CIRCUIT_BREAKER: 0.2, Action.RESTART_CONTAINER: 0.2},
    SignalKind.DISK: {Action.RESTART_CONTAINER: 0.3, Action.ALERT_TEAM: 0.3},
    SignalKind.OTHER: {Action.ALERT_TEAM: 0.3},
}
"""What the kind of the dominant signal suggests: a resource that runs out wants more of it or a fresh start, a way that
is slow or lossy is cut off, code that answers wrongly is taken back. Rows sum to less than 1: the rest is doubt."""


def _prior(causes: tuple[RootCause, ...]) -> dict[Action, float]:
    if not causes:
        return dict.fromkeys(Action, _UNKNOWN)
    return {**dict.fromkeys(Action, _LEAST), **_SUGGESTED[causes[0].kind]}


MEASURED, REPEATED = 0.8, 0.25
"""What a diagnosis counts beside the policy: measured against a baseline, or repeating what the conditions tested."""


def _mixed(
    diagnosed: dict[Action, float], stated: Sequence[Action], causes: tuple[RootCause, ...]
) -> dict[Action, float]:
    share = MEASURED if causes and is_measured(causes[0]) else REPEATED
    policy = {action: 0.5 ** (place + 1) for place, action in enumerate(stated)}
    return {action: (1 - share) * policy.get(action, 0.0) + share * diagnosed[action] for action in diagnosed}


def _heard(matches: tuple[Match, ...]) -> _Heard:
    telling = [match for match in matches if match.incident.action and match.incident.outcome is not Outcome.UNKNOWN]
    nearest = sorted(telling, key=lambda match: -match.score)[:NEIGHBOURS]
    by_action: dict[str, _Taken] = {}
    weight_healed = 0.0
    for match in nearest:
        weight = exp((match.score - nearest[0].score) / NEARNESS) * max(0.0, match.score)
        taken = by_action.setdefault(str(match.incident.action), _Taken())
        if match.incident.outcome is Outcome.HEALED:
            taken.healed += 1
            taken.weight_healed += weight
            weight_healed += weight
        else:
            taken.failed += 1
            taken.weight_failed += weight
    return _Heard(by_action, len(nearest), weight_healed)


_NEVER = _Taken()


def _weighed(action: Action, prior: float, heard: _Heard, causes: tuple[RootCause, ...]) -> Weighed:
    taken = heard.by_action.get(action.value, _NEVER)
    telling = heard.weight_healed + taken.weight_failed
    confidence = (taken.weight_healed + PRIOR_WEIGHT * prior) / (telling + PRIOR_WEIGHT)
    because = tuple(_because(action, taken, heard.count, causes))
    return Weighed(action=action, confidence=round(confidence, 6), because=because)


def _because(action: Action, taken: _Taken, count: int, causes: tuple[RootCause, ...]) -> Iterator[str]:
    known = causes[0].kind if causes else None
    belief = _SUGGESTED[known].get(action) if known is not None else None
    if taken.healed:
        yield f"{action} healed {taken.healed} of the {count} most similar incidents"
    if taken.failed:
        yield f"{action} did not heal {taken.failed} of the {count} most similar incidents"
    if belief is not None:
        yield f"{belief:.0%} belief for root causes whose dominant signal is {known}"
    if not taken.healed and not taken.failed and belief is None:
        yield f"nothing recalled and nothing known of the root cause speaks for {action}"
