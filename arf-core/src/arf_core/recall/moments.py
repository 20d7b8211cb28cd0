# SPDX-License-Identifier: Apache-2.0
"""Sums over remembered views, and what follows from them in closed form: nothing is fitted, nothing is tuned.

:class:`Findings` are sums by what people found (``Incident.fault_type``). They say how telling each dimension of an
embedding is: the share of its variance that the findings explain (Kelley's adjusted eta squared), per deviation.

:class:`Roots` are sums over (root, bystanders of the same incident). They say in which direction a root lies from its
bystanders: Fisher's linear discriminant ``(S + ridge)^-1 d``, with ``d`` the mean of root minus bystanders and ``S``
the mean scatter of the bystanders. Projections on it differ by log-odds.

Both take back what they added, so they cover exactly the incidents in memory. Outcomes and actions never enter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

RIDGE = 0.1
"""Of a dimension's own scatter, and a tenth of it of the mean scatter: enough for a sound equation."""

RIDGE_OF_FEW = 10.0
"""Divided by the number of known roots, added to the ridge: few roots know their scatter badly."""

FEW_ROOTS = 20
"""With this many known roots, half of the discriminant's verdict is believed."""

_TINY = 1e-9
_LEAST_DEVIATION = 0.05
"""A dimension that deviates less than this (a twentieth of a signal) is not blown up further."""


class Findings:
    """Sums of views by what people found."""

    def __init__(self, dimensions: int) -> None:
        self._counts: dict[str, int] = {}
        self._sums: dict[str, Array] = {}
        self._squares = np.zeros(dimensions)

    def add(self, finding: str, view: Array, step: int = 1) -> None:
        """Add (``step`` 1) or take back (-1) a view of an incident that was found to be ``finding``."""
        self._counts[finding] = self._counts.get(finding, 0) + step
        self._sums[finding] = self._sums.get(finding, np.zeros_like(view)) + step * view
        self._squares = self._squares + step * view * view
        if not self._counts[finding]:
            del self._counts[finding], self._sums[finding]

    def weights(self) -> Array:
        """How telling each dimension is, the most telling 1; all 1 while there are not two findings to tell apart."""
        findings, incidents = sorted(self._counts), sum(self._counts.values())
        if len(findings) < 2 or incidents <= len(findings):
            return np.ones_like(self._squares)
        mean = np.sum([self._sums[finding] for finding in findings], axis=0) / incidents
        variance = np.maximum(self._squares / incidents - mean * mean, 0.0)
        between = np.sum(
            [self._counts[f] / incidents * (self._sums[f] / self._counts[f] - mean) ** 2 for f in findings], axis=0
        )
        by_chance = (len(findings) - 1) / (incidents - 1)
        explained = np.where(variance > _TINY, between / np.maximum(variance, _TINY), 0.0)
        telling = np.sqrt(np.clip((explained - by_chance) / (1 - by_chance), 0.0, 1.0))
        weights = telling / np.maximum(np.sqrt(variance), _LEAST_DEVIATION)
        most = float(weights.max())
        return weights / most if most > _TINY else np.ones_like(weights)


class Roots:
    """Sums over known roots and their bystanders."""

    def __init__(self, dimensions: int) -> None:
        self.incidents = 0
        self._difference = np.zeros(dimensions)
        self._scatter = np.zeros((dimensions, dimensions))
        self._pending: dict[int, list[Array]] = {1: [], -1: []}

    def add(self, views: Array, root: int, step: int = 1) -> None:
        """Add (``step`` 1) or take back (-1) the views of an incident by component; row ``root`` was the root."""
        if len(views) < 2:
            return
        others = np.delete(views, root, axis=0)
        mean = others.mean(axis=0)
        self.incidents += step
        self._difference += step * (views[root] - mean)
        self._pending[step].append((others - mean) / np.sqrt(len(others)))

    def direction(self) -> Array | None:
        """The direction from bystanders to roots, shorter while few roots are known; None before the first."""
        self._scatter_of_pending()
        if not self.incidents:
            return None
        scatter = self._scatter / self.incidents
        own = np.maximum(np.diag(scatter), 0.0)
        used = own > _TINY
        ridge = RIDGE + RIDGE_OF_FEW / self.incidents
        floor = ridge * 0.1 * (own[used].mean() if used.any() else 1.0)
        solved = np.linalg.solve(scatter + np.diag(ridge * own + floor), self._difference / self.incidents)
        return np.asarray(solved * (self.incidents / (self.incidents + FEW_ROOTS)))

    def _scatter_of_pending(self) -> None:
        """One product for many incidents: an update of the whole matrix for each would cost more than all the rest."""
        for step, rows in self._pending.items():
            if rows:
                stacked = np.concatenate(rows)
                self._scatter += step * (stacked.T @ stacked)
                rows.clear()
