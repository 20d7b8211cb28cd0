# SPDX-License-Identifier: Apache-2.0
"""Where an incident most likely began, believed from its alerts and calls alone.

The log-odds of a component are the sum of three parts:
1. Without memory, the component where most moved is the likeliest (``recall.profile.prominence``). This fades as the
   number of remembered incidents of known beginning grows.
2. The projection on the direction from bystanders to roots (``recall.moments``).
3. The likeness of what is seen from the component to the nearest known root: a direction is one straight line, and
   roots of different faults lie on different sides of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np

from arf_core.models.incident import Incident
from arf_core.recall.embedding import SignalEmbedder
from arf_core.recall.moments import FEW_ROOTS, Array, Findings, Roots
from arf_core.recall.profile import Scene, prominence, scene_of
from arf_core.seams import Embedder

LIKENESS = 30.0
"""By how much the log-odds rise with the cosine to the nearest known root: 1/30 more is e times likelier."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KnownRoots:
    """What ``incidents`` of known beginning say, in views of ``embedder``.

    ``direction`` leads from bystanders to roots; ``weights`` say how telling each dimension is; ``seen`` are the views
    from the roots, weighted and of length 1, a row each.
    """

    embedder: Embedder
    incidents: int = 0
    direction: Array | None = None
    weights: Array | None = None
    seen: Array | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Belief:
    """The ``components`` of an incident, sorted by name, and for each a row of ``views``, log-odds and a share (sum 1).

    ``unlike`` are the log-odds without the third part, the likeness to known roots.
    """

    components: tuple[str, ...]
    views: Array
    unlike: Array
    odds: Array
    shares: Array


def roots_of(incidents: Iterable[Incident], embedder: Embedder) -> KnownRoots:
    """What ``incidents`` say about where incidents begin; those of unknown beginning say nothing."""
    roots, findings, seen = Roots(embedder.dimensions), Findings(embedder.dimensions), []
    for incident in incidents:
        scene = scene_of(incident)
        if incident.component in scene.components:
            views, root = views_of(embedder, incident, scene), scene.components.index(incident.component)
            roots.add(views, root)
            seen.append(views[root])
            if incident.fault_type is not None:
                findings.add(incident.fault_type, views[root])
    return known_roots(embedder, roots, findings.weights(), seen)


def known_roots(embedder: Embedder, roots: Roots, weights: Array, seen: list[Array]) -> KnownRoots:
    """The sums over known roots, the weights of the dimensions and the views ``seen`` from the roots, as one value."""
    if not seen:
        return KnownRoots(embedder=embedder)
    return KnownRoots(
        embedder=embedder,
        incidents=len(seen),
        direction=roots.direction(),
        weights=weights,
        seen=weighted(np.array(seen), weights),
    )


def believe(incident: Incident, roots: KnownRoots) -> Belief:
    """How likely each component of ``incident`` is where it began, given what is known of earlier roots."""
    scene = scene_of(incident)
    views = views_of(roots.embedder, incident, scene)
    odds = _prior(scene) * (FEW_ROOTS / (roots.incidents + FEW_ROOTS))
    if roots.direction is not None:
        odds = odds + views @ roots.direction
    liked = odds
    if roots.seen is not None and roots.weights is not None and len(views):
        liked = odds + LIKENESS * (weighted(views, roots.weights) @ roots.seen.T).max(axis=1)
    return Belief(components=scene.components, views=views, unlike=odds, odds=liked, shares=_softmax(liked))


def weighted(vectors: Array, weights: Array) -> Array:
    """The rows of ``vectors`` times ``weights``, brought to length 1 (rows of zeros stay as they are)."""
    rows = vectors * weights
    if len(rows) == 1:  # a question, which is asked often: without the detour over axes
        return np.asarray(rows / (sqrt(float(rows[0] @ rows[0])) or 1.0))
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    lengths[lengths == 0] = 1.0
    return np.asarray(rows / lengths[:, None])


def views_of(embedder: Embedder, incident: Incident, scene: Scene) -> Array:
    """The incident as seen from each component of its scene, a row each."""
    rows = [view_of(embedder, incident, scene, component) for component in scene.components]
    return np.array(rows, dtype=np.float64).reshape(len(rows), embedder.dimensions)


def view_of(embedder: Embedder, incident: Incident, scene: Scene, focus: str | None) -> Array:
    """The incident as seen from the component ``focus`` (None: from nowhere in particular)."""
    if isinstance(embedder, SignalEmbedder):
        return embedder.view(scene, focus)
    return np.asarray(embedder.embed(replace(incident, component=focus)), dtype=np.float64)


def _prior(scene: Scene) -> Array:
    return _ODDS_A_SIGNAL * np.array([prominence(scene, component) for component in scene.components], dtype=np.float64)


_ODDS_A_SIGNAL = 0.3
"""By how much one more signal raises the log-odds while nothing is known of earlier roots."""


def _softmax(odds: Array) -> Array:
    if not len(odds):
        return odds
    powers = np.exp(odds - odds.max())
    return np.asarray(powers / powers.sum())
