# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Steps 2 to 6: whether the intent may be carried out, what exactly that would be, and whether it can be undone.

1. Nothing is changed here: the target is only read, and both directions are rehearsed by dry run.
2. The gate is asked twice: before the target is looked at (what the policy forbids anyway costs nothing), and with the
   change, its blast radius and what was learned of it.
3. What may not be done is refused with its code, in the transaction that records it. A refusal is an end.
4. The step can be repeated: what was decided is read instead of being decided anew. A server that was away while
   another one decided writes nothing any more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from arf_core.canonical import write_time
from arf_core.models.action import Action
from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions.adapter import Adapter, Change, Rehearsal, Vitals
from arf_enterprise.errors import (
    EnterpriseError,
    FenceLost,
    LicenseError,
    StoreError,
)
from arf_enterprise.execution import hold
from arf_enterprise.execution import intent as intents
from arf_enterprise.execution.documents import reading_document
from arf_enterprise.execution.health import Reading
from arf_enterprise.execution.known import Known, known_of, signature_of
from arf_enterprise.execution.line import Ticket
from arf_enterprise.execution.means import Granted, Means, record, way_of
from arf_enterprise.execution.receipt import receipt
from arf_enterprise.execution.refusing import DECIDED, denial, refuse
from arf_enterprise.execution.run import Carried, Run, Status, note, say
from arf_enterprise.governance import approval, blast_radius, gate, stop
from arf_enterprise.governance.gate import Asked
from arf_enterprise.governance.ruling import BlastRadius, Ruling, Rung
from arf_enterprise.learning import autonomy
from arf_enterprise.learning.belief import Cell
from arf_enterprise.stores.postgres.database import Transaction
from arf_enterprise.targets.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What would be done: the change, what its dry run showed, what it reaches, and the health before."""

    change: Change
    rehearsal: Rehearsal
    blast: BlastRadius
    baseline: Reading


def decide(means: Means, ticket: Ticket, carried: Carried) -> str:
    """What comes next: ``act``, ``ask`` (people must approve), or ``end``.

    To ``act``, the run holds its target from here on, if nobody else does.

    Raises:
        StoreError: the database does not answer: to be tried again.
        FenceLost: another server has taken the run up.
    """
    now, granted, run = means.clock(), means.granted(), None
    try:
        with means.database.transaction(ticket.tenant) as transaction:
            run = hold.mine(transaction, ticket)
            if run.ended_at is not None:
                return "end"
            if DECIDED in run.steps:  # rule 4
                return str(run.steps[DECIDED]["next"])
            stop.require_clear(transaction, component=run.component, action=run.action)  # 3
            known = known_of(transaction, run, now=now, learns=granted.learns)
        return _decided(means, granted, run, known, carried, now)
    except (StoreError, FenceLost):
        raise
    except (EnterpriseError, LicenseError) as error:
        if run is None:
            raise
        return refuse(means, run, error)


def ruled(
    granted: Granted, run: Run, known: Known, change: Change | None, blast: BlastRadius | None, *, now: datetime
) -> Ruling:
    """What the gate says, within what the licence has.

    Raises:
        LicenseError: new executions may not start.
    """
    wished = Rung(min(run.wished, granted.ceiling()))
    asked = Asked(
        intent=intents.stored(run.intent).intent,
        target=known.target,
        change=change,
        blast=blast,
        wished=wished,
        requester_is_agent=run.is_agent,
        tenant=run.tenant,
        success_lower=None if known.learned is None else known.learned.lower,
        outcomes=0 if known.learned is None else known.learned.outcomes,
        irreversible_reason=run.irreversible_reason,
    )
    return gate.decide(known.policy, asked, now=now, recent=known.recent)


def plan(means: Means, adapter: Adapter, run: Run, known: Known) -> Planned:
    """What would be done to the target as it is now, tried by dry run (rule 1)."""
    intent = intents.stored(run.intent).intent
    observed = adapter.observe()
    change = adapter.plan(intent.action, intent.parameters, observed)
    return Planned(
        change=change,
        rehearsal=adapter.rehearse(change),
        blast=blast_radius.of(known.target, change, known.inventory),
        baseline=look(means, known.target, adapter, observed.vitals, at_s=0.0),
    )


def look(means: Means, target: Target, adapter: Adapter, vitals: Vitals, *, at_s: float) -> Reading:
    """How the target is now: every probe's answer, and the ``vitals`` that were just observed."""
    return Reading(
        at_s=at_s,
        answers=tuple((probe.name, means.ask(probe, adapter)) for probe in target.health.probes),
        vitals=vitals,
    )


def _decided(means: Means, granted: Granted, run: Run, known: Known, carried: Carried, now: datetime) -> str:
    early = ruled(granted, run, known, None, None, now=now)  # 2 and 4
    if early.rung is Rung.DENY:
        return refuse(means, run, denial(early), ruling=early)
    with means.reached(known.target, way_of(known.target, run)) as adapter:
        planned = plan(means, adapter, run, known)  # 5 and 6
    ruling = ruled(granted, run, known, planned.change, planned.blast, now=now)
    if ruling.rung is Rung.DENY:
        return refuse(means, run, denial(ruling), ruling=ruling)
    return _written(means, run, known, planned, ruling, carried)


def _written(means: Means, run: Run, known: Known, planned: Planned, ruling: Ruling, carried: Carried) -> str:
    following = {Rung.ADVISE: "end", Rung.REQUIRE_APPROVAL: "ask", Rung.AUTONOMOUS: "act"}[ruling.rung]
    now = means.clock()
    shown = {"decided_at": write_time(now), **_shown(run, known, planned, ruling)}
    with means.database.transaction(run.tenant) as transaction:
        hold.still_mine(transaction, run)  # rule 4
        if following == "act" and (because := _why_not_alone(transaction, run, known, planned.blast, now)):
            following, shown = "ask", {**shown, "not_alone_because": because}
        found = {"next": following, **shown}
        note(transaction, run, DECIDED, found, now=now)
        fence = hold.held(transaction, run, now=now) if following == "act" else None
        if following == "end":
            say(transaction, run, Status.ADVISED, now=now, receipt=receipt(run, "advised"))
        if following == "ask":
            _ask(transaction, run, planned, ruling, shown, now)
        details = {"rung": ruling.rung.label, "policy": ruling.policy_digest, "change": planned.change.digest}
        record(transaction, run, "execution.decided", now=now, details=details, before=planned.change.before.digest)
    if fence is not None:
        carried.run, carried.fence = replace(run, steps={DECIDED: FrozenMap(found)}), fence
    if following == "ask":
        means.notify("approval.asked", run, planned.change.summary)
    return following


def _why_not_alone(transaction: Transaction, run: Run, known: Known, blast: BlastRadius, now: datetime) -> str | None:
    """Why people must approve what the policy would let run alone: it has not earned that, or the budget is spent."""
    if known.learned is None or run.action == Action.ALERT_TEAM or (bar := autonomy.bar_of(transaction)) is None:
        return None
    if bar.lower == 0 and bar.outcomes == 0:  # people wrote that nothing need be earned
        return None
    cell = Cell(action=run.action, kind=known.target.kind, component=run.component, signature=signature_of(run))
    return autonomy.may_act_alone(
        transaction, cell, bar=bar, blast_share=blast.share, execution_id=run.execution_id, now=now
    )


def _ask(
    transaction: Transaction, run: Run, planned: Planned, ruling: Ruling, shown: dict[str, object], now: datetime
) -> None:
    bound = binding(run, planned.change, ruling, policy_digest=ruling.policy_digest, asked_at=now)
    approval_id = approval.ask(transaction, bound, shown=FrozenMap(shown), now=now)
    say(
        transaction, run, Status.PENDING_APPROVAL, now=now, approval_id=approval_id,
        receipt=receipt(run, "pending_approval", approval_id=approval_id),
    )  # fmt: skip


def binding(run: Run, change: Change, ruling: Ruling, *, policy_digest: str, asked_at: datetime) -> approval.Binding:
    """What an approval of ``run`` is bound to, under the policy of that digest."""
    return approval.Binding(
        tenant=run.tenant,
        execution_id=run.execution_id,
        intent_digest=run.digest,
        change_digest=change.digest,
        policy_digest=policy_digest,
        state_digest=change.before.digest,
        executor=change.adapter,
        requester_issuer=run.issuer,
        requester_subject=run.subject,
        quorum=ruling.quorum,
        expires_at=asked_at + timedelta(seconds=ruling.expires_s),
    )


def _shown(run: Run, known: Known, planned: Planned, ruling: Ruling) -> dict[str, object]:
    """What approvers see, and later steps read."""
    return {
        "why": _why(run),
        "change": planned.change.document(),
        "change_digest": planned.change.digest,
        "diff": list(planned.rehearsal.diff),
        "undo_diff": list(planned.rehearsal.undo_diff),
        "rehearsed_by": planned.rehearsal.by,
        "blast_radius": planned.blast.document(),
        "baseline": reading_document(planned.baseline),
        "ruling": ruling.document(),
        "target": known.target.document(),
        "target_digest": known.target.digest,
    }


def _why(run: Run) -> dict[str, object]:
    """What the intent says of itself."""
    intent = intents.stored(run.intent).intent
    return {
        "justification": intent.justification,
        "confidence": intent.confidence,
        "incident_id": intent.incident_id,
        "detected_at": write_time(intent.detected_at),
        "rule": intent.policy_applied,
    }
