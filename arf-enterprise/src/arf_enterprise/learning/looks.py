# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What a fault looks like, and what was learned of faults that look alike: from the database, for ``advise``.

1. What an incident looks like is its vector in persistent memory. Of one that is not remembered nothing is known, and
   the advice rests on outcomes of its cell alone.
2. What is learned from is the newest :data:`MOST` outcomes of remembered incidents that tell whether an action healed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from arf_core.recall.embedding import SignalEmbedder
from arf_enterprise.learning.advise import Looks
from arf_enterprise.learning.observed import CONTROLS, Observed, Result
from arf_enterprise.learning.pattern import Tried, pattern_of
from arf_enterprise.learning.remembered import embedder_id
from arf_enterprise.stores.postgres.database import Transaction

MOST: Final = 400
_TELLING: Final = frozenset({Result.SUCCEEDED, Result.REVERTED, Result.FAILED})


def looks_of(tx: Transaction, incident_id: str, known: Sequence[Observed]) -> Looks | None:
    """What ``incident_id`` looks like, and what ``known`` (the oldest first) teach of such; None if it is unknown."""
    telling = [one for one in known if one.action not in CONTROLS and one.result in _TELLING]
    vectors = _vectors(tx, {incident_id, *(one.incident_id for one in telling)})
    if incident_id not in vectors:
        return None
    tried = [_tried(one, vectors[one.incident_id]) for one in telling if one.incident_id in vectors]
    return Looks(vector=vectors[incident_id], pattern=pattern_of(tried[-MOST:]))


def _tried(one: Observed, vector: tuple[float, ...]) -> Tried:
    believed = {} if one.believed is None else {one.action: one.believed}
    return Tried(vector=vector, believed=believed, action=one.action, healed=one.result is Result.SUCCEEDED)


def _vectors(tx: Transaction, incident_ids: set[str]) -> Mapping[str, tuple[float, ...]]:
    rows = tx.all(
        "incident_vectors", tenant=tx.tenant, embedder=embedder_id(SignalEmbedder()), incident_ids=sorted(incident_ids)
    )
    return {str(row["incident_id"]): tuple(row["embedding"]) for row in rows}
