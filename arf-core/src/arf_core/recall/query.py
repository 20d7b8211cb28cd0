# SPDX-License-Identifier: Apache-2.0
"""What to look for in memory when an incident asks what it resembles.

Where it is known where the incident began, that is one view. Otherwise it is one view from each of the few components
where it most likely began, each with a doubt that is taken off the similarity of what it finds: so the memory decides
between the components at the same rate as ``recall.focus`` does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from arf_core.models.incident import Incident
from arf_core.recall.focus import LIKENESS, KnownRoots, believe, view_of
from arf_core.recall.moments import Array
from arf_core.recall.profile import centre_of, scene_of

FOCI = 3
"""From how many components an incident of unknown beginning is looked at."""

DOUBT = 1 / LIKENESS
"""What a component that is e times less likely to be the beginning takes off the similarity."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Query:
    """The ``vectors`` to look for, a row each, the doubt about each, and the component each is seen from.

    Without rows for an incident with nothing in it.
    """

    incident_id: str
    vectors: Array
    doubts: Array
    foci: tuple[str | None, ...]


def query_of(incident: Incident, roots: KnownRoots) -> Query:
    """What to look for when ``incident`` asks, given what is known of earlier roots."""
    scene = scene_of(incident)
    if incident.component is not None or len(scene.components) <= 1:
        focus = incident.component or centre_of(scene)
        vector = view_of(roots.embedder, incident, scene, focus)
        foci = (focus,) if vector.any() else ()
        return Query(
            incident_id=incident.incident_id, vectors=vector[None][: len(foci)], doubts=np.zeros(len(foci)), foci=foci
        )
    belief = believe(incident, roots)
    order = np.argsort(-belief.odds, kind="stable")[:FOCI]
    return Query(
        incident_id=incident.incident_id,
        vectors=belief.views[order],
        doubts=DOUBT * (belief.unlike[order].max() - belief.unlike[order]),
        foci=tuple(belief.components[row] for row in order.tolist()),
    )
