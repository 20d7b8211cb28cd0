# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Earned autonomy: which action may run by itself, on which component, for which fault.

1. It is earned by verified outcomes of that action on that component for that fault: ``Estimate.earned`` reaches the
   policy's bar (``earning.Bar``) with at least as many outcomes as it wants, the last ``earning.LATELY`` all successes.
2. What has earned it is proposed, and a person accepts or rejects. A proposal that no longer holds when it is accepted
   is refused. Nothing promotes itself.
3. It ends by itself, in the transaction of the outcome or correction that ends it: if ``earning.TOO_MANY`` of the last
   ``earning.LATELY`` outcomes failed, or when what is earned falls below the bar. Another proposal brings it back.
4. Each decision is made anew: ``learned`` gives a lower bound only while learning is on, the promotion stands and the
   bound still clears its bar; else None, and the gate has nothing to permit autonomy with.
5. A budget bounds the risk: the blast radius (share of the target's instances) times the probability of failure, summed
   over the autonomous runs of the last 24 hours of the tenant. What would pass it is not autonomous.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from arf_core.verify.fields import text_of
from arf_enterprise.audit.entry import Actor, Entry
from arf_enterprise.audit.log import append
from arf_enterprise.errors import ConflictError, NotFound, NotPermitted, PolicyMissing
from arf_enterprise.governance import store as policies
from arf_enterprise.identifiers import new_id
from arf_enterprise.identity.principal import SYSTEM, Principal
from arf_enterprise.identity.roles import Operation, require
from arf_enterprise.learning.belief import Cell, Estimate
from arf_enterprise.learning.earning import Bar, Proposal, cost_of, has_earned, lost_because
from arf_enterprise.learning.history import observations
from arf_enterprise.learning.observed import CONTROLS
from arf_enterprise.learning.posterior import estimate
from arf_enterprise.learning.switch import Mode, mode
from arf_enterprise.stores.postgres.database import Row, Transaction

DAY: Final = timedelta(days=1)
MOST_LISTED: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What the gate is told. ``lower`` is None while there is no earned autonomy, and ``says`` why."""

    lower: float | None
    outcomes: int
    says: str
    estimate: Estimate


def learned(tx: Transaction, action: str, kind: str, component: str, signature: str, now: datetime) -> Learned:
    """What may be relied on for autonomy as of ``now`` (rule 4)."""
    cell = Cell(action=action, kind=kind, component=component, signature=signature)
    found = estimate(cell, observations(tx, now=now, action=action, signature=signature), now=now)
    because = _withheld(tx, cell, found)
    says = found.says if because is None else f"{found.says}; not autonomous: {because}"
    return Learned(lower=None if because else found.earned, outcomes=found.outcomes, says=says, estimate=found)


def may_act_alone(
    tx: Transaction, cell: Cell, *, bar: Bar, blast_share: float, execution_id: str, now: datetime
) -> str | None:
    """None if it may run by itself now, and its cost is then taken from the budget (rule 5); else why not.

    ``blast_share`` is the share of the target's instances that the change touches (``BlastRadius.share``). Called in
    the transaction that lets the run begin; again for the same execution it costs nothing more.
    """
    tx.one("lock_learning", tenant=tx.tenant)
    found = learned(tx, cell.action, cell.kind, cell.component, cell.signature, now)
    if found.lower is None:
        return found.says
    if found.lower < bar.lower or found.outcomes < bar.outcomes:
        return f"{found.says}; the policy wants {bar.lower:.2f} of at least {bar.outcomes} outcomes"
    cost = cost_of(blast_share, found.lower)
    spent = float(tx.one("autonomy_spent", tenant=tx.tenant, since=now - DAY, execution_id=execution_id)["spent"])
    if spent + cost > bar.budget_per_day:
        return (
            f"the autonomy budget is spent: {spent:.3f} of {bar.budget_per_day:.3f} a day, and this may cost {cost:.3f}"
        )
    place = {"action": cell.action, "component": cell.component}
    tx.run("spend_autonomy", tenant=tx.tenant, execution_id=execution_id, **place, cost=cost, at=now)
    return None


def consider(tx: Transaction, cell: Cell, *, bar: Bar, now: datetime) -> Proposal | None:
    """Propose ``cell`` to people, if it has earned it and is not proposed or promoted already (rules 1 and 2)."""
    if cell.action in CONTROLS or mode(tx) is Mode.OFF:
        return None
    tx.one("lock_learning", tenant=tx.tenant)
    standing = _standing(tx, cell)
    if standing is not None and (standing.is_open or standing.stands):
        return None
    known = observations(tx, now=now, action=cell.action, signature=cell.signature)
    found = estimate(cell, known, now=now)
    if not has_earned(found, known, bar):
        return None
    return _propose(tx, found, bar, now)


def bar_of(tx: Transaction) -> Bar | None:
    """What the policy in force wants; None if there is none, or it has no autonomy."""
    try:
        wanted = policies.current(tx).autonomous
    except PolicyMissing:
        return None
    return None if wanted is None else Bar(lower=wanted.success_lower, outcomes=wanted.outcomes)


def decide(
    tx: Transaction, proposal_id: str, *, accept: bool, reason: str, by: Principal, request_id: str, now: datetime
) -> Proposal:
    """Accept or reject a proposal, as a person (rule 2).

    Raises:
        NotPermitted: the caller may not approve policies, or nobody knows who it is.
        NotFound: there is no such proposal.
        ConflictError: it is decided, has ended, or what it says no longer holds.
        FormatError: the reason is empty or too long.
    """
    require(by, Operation.POLICY_APPROVE)
    if by.is_agent or by.method not in {"api_key", "oidc"}:
        raise NotPermitted("autonomy is given by a person with a key or token: a shell or a program proves nobody")
    tx.one("lock_learning", tenant=tx.tenant)
    found = proposal(tx, proposal_id)
    if not found.is_open:
        raise ConflictError(f"{proposal_id} is {found.state} already")
    if accept:
        _require_it_holds(tx, found, now)
    text = text_of(reason, what="the reason")
    tx.run("decide_autonomy", tenant=tx.tenant, proposal_id=proposal_id, accepted=accept, reason=text, at=now)
    entry = Entry(
        actor=Actor.of(by),
        action="autonomy.accepted" if accept else "autonomy.rejected",
        target=f"autonomy/{proposal_id}",
        at=now,
        request_id=request_id,
        details=_told(found.cell),
        personal={"reason": text},
    )
    append(tx, entry)
    return proposal(tx, proposal_id)


def review(tx: Transaction, *, action: str, component: str, signature: str, now: datetime) -> Proposal | None:
    """End autonomy, or a proposal of it, that no longer holds (rule 3); the proposal that has ended."""
    cell = Cell(action=action, kind="", component=component, signature=signature)
    standing = _standing(tx, cell)
    if standing is None or not (standing.stands or standing.is_open):
        return None
    known = observations(tx, now=now, action=action, signature=signature)
    because = lost_because(estimate(standing.cell, known, now=now), known, standing.bar)
    return None if because is None else _end(tx, standing, because, now)


def proposals(tx: Transaction) -> tuple[Proposal, ...]:
    """The newest :data:`MOST_LISTED` proposals, the newest first."""
    rows = tx.all("autonomy_proposals", tenant=tx.tenant, proposal_id=None, most=MOST_LISTED)
    return tuple(Proposal(**row) for row in rows)


def proposal(tx: Transaction, proposal_id: str) -> Proposal:
    """The proposal of that id.

    Raises:
        NotFound: there is none.
    """
    row = tx.maybe("autonomy_proposals", tenant=tx.tenant, proposal_id=proposal_id, most=1)
    if row is None:
        raise NotFound(f"no proposal {proposal_id!r:.60} is known: `arf-enterprise learning proposals` lists them")
    return Proposal(**row)


def spent(tx: Transaction, now: datetime) -> float:
    """What of the budget the last 24 hours have taken (rule 5)."""
    return float(tx.one("autonomy_spent", tenant=tx.tenant, since=now - DAY, execution_id="")["spent"])


def _withheld(tx: Transaction, cell: Cell, found: Estimate) -> str | None:
    if (switch := mode(tx)) is not Mode.ON:
        return f"learning is {switch}"
    standing = _standing(tx, cell)
    if standing is None:
        return "nobody was asked for it yet"
    if not standing.stands:
        return f"{standing.proposal_id} is {standing.state}" + (f": {standing.because}" if standing.because else "")
    if found.earned is None or found.earned < standing.bar:
        return f"what is earned, {found.earned or 0.0:.2f}, is below {standing.bar:.2f}"
    return None


def _standing(tx: Transaction, cell: Cell) -> Proposal | None:
    place = {"action": cell.action, "component": cell.component, "signature": cell.signature}
    row: Row | None = tx.maybe("autonomy_standing", tenant=tx.tenant, **place)
    return None if row is None else Proposal(**row)


def _require_it_holds(tx: Transaction, found: Proposal, now: datetime) -> None:
    known = observations(tx, now=now, action=found.action, signature=found.signature)
    because = lost_because(estimate(found.cell, known, now=now), known, found.bar)
    if because is not None:
        raise ConflictError(f"{found.proposal_id} no longer holds: {because}")


def _propose(tx: Transaction, found: Estimate, bar: Bar, now: datetime) -> Proposal:
    proposal_id, cell = new_id("proposal", now), found.cell
    tx.run(
        "add_autonomy_proposal",
        tenant=tx.tenant,
        proposal_id=proposal_id,
        **_told(cell),
        lower=found.earned,
        outcomes=found.outcomes,
        bar=bar.lower,
        says=found.says,
        at=now,
    )
    details = {**_told(cell), "lower": round(found.earned or 0.0, 6), "outcomes": found.outcomes, "bar": bar.lower}
    append(tx, _by_itself("autonomy.proposed", proposal_id, details, now))
    return proposal(tx, proposal_id)


def _end(tx: Transaction, standing: Proposal, because: str, now: datetime) -> Proposal:
    tx.run("end_autonomy", tenant=tx.tenant, proposal_id=standing.proposal_id, because=because, at=now)
    details = {**_told(standing.cell), "because": because}
    append(tx, _by_itself("autonomy.ended", standing.proposal_id, details, now))
    return proposal(tx, standing.proposal_id)


def _by_itself(action: str, proposal_id: str, details: dict[str, object], now: datetime) -> Entry:
    target = f"autonomy/{proposal_id}"
    return Entry(actor=Actor.of(SYSTEM), action=action, target=target, at=now, request_id=proposal_id, details=details)


def _told(cell: Cell) -> dict[str, object]:
    return {"action": cell.action, "component": cell.component, "kind": cell.kind, "signature": cell.signature}
