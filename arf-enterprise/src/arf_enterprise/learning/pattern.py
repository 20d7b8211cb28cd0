# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Which action heals a fault that looks like this: learned from incidents whose healing was verified. Pure.

The posterior of a cell needs a fault to have a name. What it looks like (an incident's vector, as recall has it) says
more, and moves the open edition's belief before the cell's own outcomes count (``advise.improved``):

1. For each action, a logistic regression of "this one healed it" on the incident's vector. The open edition's own
   belief (its log-odds) is the offset: with nothing learned its confidence comes back, unchanged.
2. The weights have a normal prior around 0, of the strength :data:`DOUBT`, and are found by Newton's method on the log
   posterior, which is concave (Bishop, Pattern Recognition and Machine Learning, 2006, section 4.3.3). No randomness.
3. Vectors are centred and scaled by their own mean length, so that the prior means the same for every embedding.
4. An incident that another action healed speaks against an action, as in the open edition's own weighing.
5. With fewer than :data:`LEAST` verified incidents nothing is learned.
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
class Healed:
    """An incident whose healing was verified: its vector, what was believed of each action then, what healed it."""

    vector: tuple[float, ...]
    believed: Mapping[str, float]
    action: str


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


def pattern_of(healed: Sequence[Healed]) -> Pattern:
    """What ``healed`` teach (rules 1 to 5)."""
    if len(healed) < LEAST:
        return Pattern(incidents=len(healed), middle=(), scale=1.0, weights={})
    vectors = np.array([one.vector for one in healed], dtype=np.float64)
    middle = vectors.mean(axis=0)
    scale = float(np.linalg.norm(vectors - middle, axis=1).mean()) or 1.0
    seen = _scaled(vectors, middle, scale)
    actions = sorted({one.action for one in healed})
    weights = {
        action: _fitted(
            seen,
            np.array([float(one.action == action) for one in healed]),
            np.array([_odds(one.believed.get(action, 0.0)) for one in healed]),
        )
        for action in actions
    }
    return Pattern(
        incidents=len(healed),
        middle=tuple(middle.tolist()),
        scale=scale,
        weights={action: tuple(found.tolist()) for action, found in weights.items()},
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
