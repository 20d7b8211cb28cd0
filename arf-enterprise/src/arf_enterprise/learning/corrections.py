# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What people say of outcomes afterwards: further rows, audited, beside what was verified (``outcomes``, rule 2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from arf_core.canonical import write_time
from arf_core.verify.fields import text_of
from arf_enterprise.audit.entry import Actor, Entry
from arf_enterprise.audit.log import append
from arf_enterprise.audit.privacy import lookup_of
from arf_enterprise.errors import RequestError
from arf_enterprise.identifiers import new_id
from arf_enterprise.identity.principal import Principal
from arf_enterprise.learning import outcomes
from arf_enterprise.learning.autonomy import review
from arf_enterprise.learning.observed import Result
from arf_enterprise.learning.projection import enqueue
from arf_enterprise.stores.postgres.database import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What a person said of an outcome; ``labeller`` is a hidden name, the same for all that one person says."""

    label_id: str
    result: Result
    reason: str
    labeller: str
    at: datetime

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "label_id": self.label_id,
            "result": self.result.value,
            "reason": self.reason,
            "labeller": self.labeller[:12],
            "at": write_time(self.at),
        }


def label(
    tx: Transaction, execution_id: str, result: str, *, reason: str, by: Principal, request_id: str, now: datetime
) -> Correction:
    """Say what an outcome really was (rule 2); autonomy that it ends, ends at once.

    Raises:
        NotFound: there is no such outcome.
        RequestError: no such result, or an agent: only people correct what was verified.
        FormatError: the reason is empty or too long.
    """
    if by.is_agent:
        raise RequestError("outcomes are corrected by people: a program's word does not count here")
    found, said = outcomes.one(tx, execution_id), outcomes.result_of(result)
    correction = Correction(
        label_id=new_id("label", now),
        result=said,
        reason=text_of(reason, what="the reason"),
        labeller=lookup_of(tx, f"arf.outcome-label\n{by.issuer}\n{by.subject}").hex(),
        at=now,
    )
    tx.one("lock_outcome", tenant=tx.tenant, execution_id=execution_id)
    tx.run(
        "add_outcome_label",
        tenant=tx.tenant,
        label_id=correction.label_id,
        execution_id=execution_id,
        result=said.value,
        reason=correction.reason,
        labeller=bytes.fromhex(correction.labeller),
        at=now,
    )
    append(tx, _labelled(found, correction, by=by, request_id=request_id))
    enqueue(
        tx, "label", correction.label_id, {"execution_id": execution_id, "result": said.value, "at": write_time(now)}
    )
    review(tx, action=found.action, component=found.component, signature=found.signature, now=now)
    return correction


def listed(tx: Transaction, execution_id: str) -> tuple[Correction, ...]:
    """What people said of an outcome, in order."""
    rows = tx.all("outcome_labels", tenant=tx.tenant, execution_id=execution_id)
    return tuple(
        Correction(
            label_id=row["label_id"],
            result=Result(row["result"]),
            reason=row["reason"],
            labeller=bytes(row["labeller"]).hex(),
            at=row["at"],
        )
        for row in rows
    )


def _labelled(found: outcomes.Outcome, correction: Correction, *, by: Principal, request_id: str) -> Entry:
    return Entry(
        actor=Actor.of(by),
        action="outcome.labelled",
        target=f"execution/{found.execution_id}",
        at=correction.at,
        request_id=request_id,
        before=found.digest,
        details={"was": found.result.value, "is": correction.result.value, "label_id": correction.label_id},
        personal={"reason": correction.reason},
    )
