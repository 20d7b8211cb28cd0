# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Which action heals a fault that looks like this: learned from incidents whose healing was verified. Pure.

The posterior of a cell needs a fault to have a name. What it looks like (an incident's vector, as recall has it) says
more, and moves the open edition's belief before the cell's own outcomes count (``advise.improved``):

1. For each action, a logistic regression of "this one healed it" on the incident's vector. The open edition's own
   belief (its log-odds) is the offset: with nothing learned its confidence comes back, unchanged.
2. The weights have a normal prior around 0, of the strength :data:`DOUBT`, and are found by Newton's method on the log
   posterior, which is concave (Bishop, Pattern Recognition and Machine Learning, 2006, section 4.3.3). No randomness.
3. Vectors are centred and scaled by their own mean length, so that the prior means the same for every embedding.
4. An incident that another action healed speaks against an action, as in the open edition's own weighing. One that
   another action did not heal says nothing of it.
5. Where it is not known what was believed of an action then, it is taken to be what was believed of it on average.
6. With fewer than :data:`LEAST` verified incidents nothing is learned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

DOUBT: Final = 3.0
LEAST: Final = 20
_STEPS: Final = 12
_FAINTEST: Final = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """An action on an incident, verified: the vector, what was believed of actions then, and whether it healed."""

    vector: tuple[float, ...]
    believed: Mapping[str, float]
    action: str
    healed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """What was learned: the middle and scale of vectors, and weights by action; ``incidents`` is from how many."""

    incidents: int
    middle: tuple[float, ...]
    scale: float
    weights: Mapping[str, tuple[float, ...]]

    def confidences(self, vector: Sequence[float], believed: Mapping[str, float]) -> dict[str, float]:
        """What is believed of each action of ``believed``, now that it is known what the fault looks like."""
        seen = _scaled(np.array([vector]), np.array(self.middle), self.scale)[0] if self.weights else None
        return {
            action: float(_share(_odds(belief) + seen @ np.array(self.weights[action])))
            if seen is not None and action in self.weights
            else belief
            for action, belief in believed.items()
        }


def pattern_of(tried: Sequence[Tried]) -> Pattern:
    """What ``tried`` teach (rules 1 to 6)."""
    if len(tried) < LEAST:
        return Pattern(incidents=len(tried), middle=(), scale=1.0, weights={})
    vectors = np.array([one.vector for one in tried], dtype=np.float64)
    middle = vectors.mean(axis=0)
    scale = float(np.linalg.norm(vectors - middle, axis=1).mean()) or 1.0
    seen = _scaled(vectors, middle, scale)
    weights = {action: _weights(action, tried, seen) for action in sorted({one.action for one in tried})}
    return Pattern(
        incidents=len(tried),
        middle=tuple(middle.tolist()),
        scale=scale,
        weights={action: tuple(found.tolist()) for action, found in weights.items()},
    )


def _weights(action: str, tried: Sequence[Tried], seen: Numbers) -> Numbers:
    rows = [place for place, one in enumerate(tried) if one.healed or one.action == action]  # rule 4
    known = [one.believed[action] for one in tried if action in one.believed]
    usual = sum(known) / len(known) if known else 0.5  # rule 5
    return _fitted(
        seen[rows],
        np.array([float(tried[place].healed and tried[place].action == action) for place in rows]),
        np.array([_odds(tried[place].believed.get(action, usual)) for place in rows]),
    )


def _fitted(seen: Numbers, answers: Numbers, offsets: Numbers) -> Numbers:
    weights = np.zeros(seen.shape[1])
    for _ in range(_STEPS):  # rule 2
        shares = _share(offsets + seen @ weights)
        slope = seen.T @ (shares - answers) + DOUBT * weights
        bend = (seen.T * (shares * (1 - shares))) @ seen + DOUBT * np.eye(len(weights))
        weights = weights - np.linalg.solve(bend, slope)
    return weights


def _scaled(vectors: Numbers, middle: Numbers, scale: float) -> Numbers:
    """Rule 3, and a constant for each."""
    return np.hstack([(vectors - middle) / scale, np.ones((len(vectors), 1))])


def _odds(belief: float) -> float:
    """The log-odds of a belief, which is never quite 0 or 1."""
    kept = min(1 - _FAINTEST, max(_FAINTEST, belief))
    return float(np.log(kept / (1 - kept)))


def _share(odds: Numbers) -> Numbers:
    return 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
