# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Outcomes: what an execution came to, written in its transaction.

1. Each execution has one outcome. Written again by a run that resumes, it is the same one; another is refused.
2. An outcome is never changed. A person's correction is a further row (``corrections``); ``observed`` has what counts.
3. The outcome, its audit entry, the row for the graph, and what follows for autonomy (an end, or a proposal by the bar
   of the policy in force) are one transaction.
4. ``evidence`` is the health evidence as plain JSON. Learning reads two of its keys, where they are there:
   ``waited_s``, how long the fault was there before anything was done, and ``window_s``, how long it was watched after.
5. Where the symptom was gone before anything was done, the outcome's action is ``none`` (and ``intent_digest`` None):
   it tells how often a fault heals by itself.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from arf_core.canonical import canonical_text, digest, write_time
from arf_core.models.action import Action
from arf_core.models.frozen import FrozenMap, thaw
from arf_enterprise.audit.entry import Actor, Entry
from arf_enterprise.audit.log import append
from arf_enterprise.errors import ConflictError, NotFound, RequestError
from arf_enterprise.identity.principal import SYSTEM
from arf_enterprise.learning.autonomy import bar_of, consider, review
from arf_enterprise.learning.belief import Cell
from arf_enterprise.learning.observed import NOTHING, Result
from arf_enterprise.learning.projection import enqueue
from arf_enterprise.stores.postgres.database import Row, Transaction

DOMAIN: Final = "arf.outcome/1"
MOST_LISTED: Final = 1000
ACTIONS: Final = frozenset({NOTHING, *(action.value for action in Action)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an execution came to.

    ``kind`` is the class of the component (``Target.kind``), ``signature`` that of the fault (``learning.signature``).
    ``seconds_to_recover`` counts from the change to the symptom's end, None where there was none.

    Raises:
        RequestError: a result or action that there is not, or a time of recovery below 0.
    """

    execution_id: str
    intent_digest: str | None
    incident_id: str
    action: str
    component: str
    kind: str
    environment: str
    signature: str
    result: Result
    seconds_to_recover: float | None = None
    evidence: FrozenMap = field(default_factory=FrozenMap)
    at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "result", result_of(self.result))
        object.__setattr__(self, "evidence", _storable(self.evidence))
        if self.action not in ACTIONS:
            raise RequestError(f"{self.action!r:.60} is no action: there are {', '.join(sorted(ACTIONS))}")
        if (self.intent_digest is None) != (self.action == NOTHING):
            raise RequestError("an outcome has the digest of its intent, unless nothing was done")
        if self.seconds_to_recover is not None and not 0 <= self.seconds_to_recover < math.inf:
            raise RequestError(f"it took {self.seconds_to_recover} seconds to recover: it must be 0 or more")

    def document(self) -> dict[str, object]:
        """As JSON, schema ``arf.outcome/1``."""
        return {
            "execution_id": self.execution_id,
            "intent_digest": self.intent_digest,
            "incident_id": self.incident_id,
            "action": self.action,
            "component": self.component,
            "kind": self.kind,
            "environment": self.environment,
            "signature": self.signature,
            "result": self.result.value,
            "seconds_to_recover": self.seconds_to_recover,
            "evidence": self.evidence,
            "at": write_time(self.at),
        }

    def plain(self) -> dict[str, object]:
        """The document as plain dicts and lists, ready for ``json``."""
        return {**self.document(), "evidence": thaw(self.evidence)}

    @property
    def cell(self) -> Cell:
        """What it teaches something about."""
        return Cell(action=self.action, kind=self.kind, component=self.component, signature=self.signature)

    @property
    def digest(self) -> str:
        """The digest of the document in the domain ``arf.outcome/1``."""
        return digest(DOMAIN, self.document())


def record(tx: Transaction, outcome: Outcome) -> None:
    """Write ``outcome`` in the execution's transaction, for the graph too, and end autonomy that it ends (rule 3).

    Raises:
        ConflictError: the execution has another outcome already (rule 1).
    """
    place = {"tenant": tx.tenant, "execution_id": outcome.execution_id}
    if not tx.run("add_outcome", **place, **_columns(outcome)):
        if _outcome(tx.one("outcome", **place)) != outcome:
            raise ConflictError(f"{outcome.execution_id} has another outcome already: it is never changed")
        return
    append(
        tx,
        Entry(
            actor=Actor.of(SYSTEM),
            action="outcome.recorded",
            target=f"execution/{outcome.execution_id}",
            at=outcome.at,
            request_id=outcome.execution_id,
            after=outcome.digest,
            details={"result": outcome.result.value, "action": outcome.action, "component": outcome.component},
        ),
    )
    enqueue(tx, "outcome", outcome.execution_id, outcome.document())
    review(tx, action=outcome.action, component=outcome.component, signature=outcome.signature, now=outcome.at)
    if outcome.result is Result.SUCCEEDED and (bar := bar_of(tx)) is not None:
        consider(tx, outcome.cell, bar=bar, now=outcome.at)


def listed(
    tx: Transaction, *, component: str | None = None, action: str | None = None, result: str | None = None
) -> tuple[Outcome, ...]:
    """The newest :data:`MOST_LISTED` outcomes, the newest first.

    Raises:
        RequestError: no such result.
    """
    wanted = None if result is None else result_of(result).value
    rows = tx.all(
        "outcomes", tenant=tx.tenant, component=component, action=action, result=wanted, most=MOST_LISTED
    )  # fmt: skip
    return tuple(map(_outcome, rows))


def one(tx: Transaction, execution_id: str) -> Outcome:
    """The outcome of an execution, as it was verified.

    Raises:
        NotFound: it has none.
    """
    row = tx.maybe("outcome", tenant=tx.tenant, execution_id=execution_id)
    if row is None:
        raise NotFound(f"no outcome of {execution_id!r:.80} is known: `arf-enterprise outcomes list` has what there is")
    return _outcome(row)


def result_of(text: str) -> Result:
    """The result that ``text`` names.

    Raises:
        RequestError: none.
    """
    try:
        return Result(text)
    except ValueError as error:
        raise RequestError(f"{text!r:.60} is no result: there are {', '.join(Result)}") from error


def _storable(evidence: FrozenMap) -> FrozenMap:
    """``evidence`` as Postgres takes it: a NUL, which a target's words may have, is shown as U+FFFD."""
    text = evidence.written()
    return FrozenMap(json.loads(text.replace("\\u0000", "\\ufffd"))) if "\\u0000" in text else evidence


def _columns(outcome: Outcome) -> dict[str, object]:
    document = outcome.document()
    del document["execution_id"]
    return {**document, "evidence": canonical_text(outcome.evidence), "at": outcome.at}


def _outcome(row: Row) -> Outcome:
    return Outcome(**{**row, "evidence": FrozenMap(row["evidence"]), "result": Result(row["result"])})
