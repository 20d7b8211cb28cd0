# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""A request for approval as a value: what it is bound to, what was said to it, how it stands; and the rules, pure.

1. An approval is for one change: tenant, execution, intent, change, policy, state of the target, executor, requester,
   quorum and expiry are all bound. Another of any of them is another request.
2. An approver approves a digest (domain ``arf.approval/1``) of all that, of what was shown, and of the quorum position:
   how many had approved before. Who looked before somebody else approved looks again.
3. A quorum is of different people, and the requester is none of them. A person is their subject, whichever key or token
   they came with, and in whichever spelling of upper and lower case.
4. An agent approves nothing, whatever its roles are called.
5. One rejection ends it, also after the quorum is reached, until the approval is used.
6. At ``expires_at`` it is expired, and so is an approval that was not used by then.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Final

from arf_core.canonical import digest, write_time
from arf_core.models.frozen import FrozenMap
from arf_enterprise.errors import (
    ApprovalExpired,
    ApprovalRefused,
    ApprovalStale,
    ApprovalUsed,
    NotPermitted,
    OwnApproval,
    RequestError,
)
from arf_enterprise.identity.principal import Principal

DOMAIN: Final = "arf.approval/1"
SHOWN_DOMAIN: Final = "arf.approval-shown/1"
MOST_QUORUM: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What an approval is for (rule 1); ``expires_at`` is aware.

    Raises:
        RequestError: the quorum is not from 1 to 20.
    """

    tenant: str
    execution_id: str
    intent_digest: str
    change_digest: str
    policy_digest: str
    state_digest: str
    executor: str
    requester_issuer: str
    requester_subject: str
    quorum: int
    expires_at: datetime

    def __post_init__(self) -> None:
        if not 1 <= self.quorum <= MOST_QUORUM:
            raise RequestError(f"the quorum is {self.quorum}: it must be from 1 to {MOST_QUORUM}")

    def difference(self, other: Binding) -> str | None:
        """The first field in which ``other`` is bound to something else; None if in none."""
        names = (field.name for field in fields(self))
        return next((name for name in names if getattr(self, name) != getattr(other, name)), None)


class Kind(StrEnum):
    """How a request stands."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    USED = "used"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """What one person said; ``reference`` is what the audit log calls them."""

    issuer: str
    subject: str
    reference: str
    approves: bool
    digest: str
    reason: str
    given_at: datetime

    @property
    def person(self) -> str:
        """Who it is (rule 3)."""
        return person_of(self.subject)

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "issuer": self.issuer,
            "subject": self.subject,
            "approves": self.approves,
            "reason": self.reason,
            "given_at": write_time(self.given_at),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A request, what was said to it, and how it stands at the time it was asked for.

    ``ended_at`` is when it was rejected, used, or noticed to be expired.
    """

    approval_id: str
    binding: Binding
    requester_reference: str
    shown: FrozenMap
    asked_at: datetime
    kind: Kind
    votes: tuple[Vote, ...] = ()
    ended_at: datetime | None = None

    @property
    def expires_at(self) -> datetime:
        """When it expires (rule 6)."""
        return self.binding.expires_at

    @property
    def approvals(self) -> tuple[Vote, ...]:
        """The votes for it."""
        return tuple(vote for vote in self.votes if vote.approves)

    @property
    def given(self) -> int:
        """How many people have approved: the quorum position of the next one."""
        return len(self.approvals)

    @property
    def digest(self) -> str:
        """What the next approver approves (rule 2)."""
        return self.digest_at(self.given)

    @property
    def summary(self) -> str:
        """What it would do, in a line: that of what is shown or of the change in it, else the run's id."""
        change = self.shown.get("change")
        inner = change.get("summary") if isinstance(change, Mapping) else None
        return str(self.shown.get("summary") or inner or self.binding.execution_id)

    @property
    def shown_digest(self) -> str:
        """The digest of what approvers see."""
        return digest(SHOWN_DOMAIN, self.shown)

    def digest_at(self, position: int) -> str:
        """What an approver approves after ``position`` others did."""
        return digest(DOMAIN, {**self.bound(), "position": position})

    def bound(self) -> dict[str, object]:
        """What is bound, as third parties get it: the requester is a reference that says nothing."""
        binding = self.binding
        return {
            "tenant": binding.tenant,
            "approval_id": self.approval_id,
            "execution_id": binding.execution_id,
            "intent_digest": binding.intent_digest,
            "change_digest": binding.change_digest,
            "policy_digest": binding.policy_digest,
            "state_digest": binding.state_digest,
            "shown_digest": self.shown_digest,
            "executor": binding.executor,
            "requester": {"issuer": binding.requester_issuer, "reference": self.requester_reference},
            "quorum": binding.quorum,
            "expires_at": write_time(binding.expires_at),
        }

    def line(self) -> dict[str, object]:
        """As JSON in a list: the summary alone of what approvers look at."""
        rest = {name: value for name, value in self.document().items() if name != "shown"}
        return {**rest, "summary": self.summary}

    def document(self) -> dict[str, object]:
        """As JSON for those who approve, with names and with what they are to look at."""
        requester = {"issuer": self.binding.requester_issuer, "subject": self.binding.requester_subject}
        return {
            **self.bound(),
            "requester": requester,
            "state": self.kind.value,
            "given": self.given,
            "digest": self.digest,
            "asked_at": write_time(self.asked_at),
            "ended_at": None if self.ended_at is None else write_time(self.ended_at),
            "votes": [vote.document() for vote in self.votes],
            "shown": self.shown,
        }


def person_of(subject: str) -> str:
    """Who ``subject`` is, whatever they came with (rule 3)."""
    return unicodedata.normalize("NFKC", subject).casefold().strip()


def kind_at(ended: str | None, *, given: int, quorum: int, expires_at: datetime, now: datetime) -> Kind:
    """How a request stands at ``now`` (rules 5 and 6)."""
    if ended is not None:
        return Kind(ended)
    if now >= expires_at:
        return Kind.EXPIRED
    return Kind.APPROVED if given >= quorum else Kind.WAITING


def why_no_vote(state: State, *, by: Principal, approve: bool, digest: str) -> ApprovalRefused | NotPermitted | None:
    """Why what ``by`` says does not count; None if it does. Whether its roles permit it is looked at before."""
    if by.is_agent:  # rule 4
        return NotPermitted("an agent decides no approval: a person must")
    if state.kind is Kind.EXPIRED:
        return ApprovalExpired(f"{state.approval_id} expired at {write_time(state.binding.expires_at)}")
    if state.kind in {Kind.REJECTED, Kind.USED}:
        return ApprovalUsed(f"{state.approval_id} is {state.kind} already")
    return _why_no_approval(state, by, digest) if approve else _why_no_rejection(state, digest)


def why_no_use(state: State, binding: Binding) -> ApprovalRefused | None:
    """Why the approval does not permit what ``binding`` is; None if it does."""
    match state.kind:
        case Kind.USED:
            return ApprovalUsed(f"{state.approval_id} was used: an approval is for one execution, once")
        case Kind.EXPIRED:
            return ApprovalExpired(f"{state.approval_id} expired at {write_time(state.binding.expires_at)}")
        case Kind.REJECTED:
            return ApprovalRefused(f"{state.approval_id} was rejected")
        case Kind.WAITING:
            return ApprovalRefused(f"{state.approval_id} has {state.given} of {state.binding.quorum} approvals")
        case Kind.APPROVED:
            return why_stale(state, binding)


def why_stale(state: State, binding: Binding) -> ApprovalStale | None:
    """Why ``state`` is about something else than ``binding`` (rule 1); None if it is about that."""
    if (name := state.binding.difference(binding)) is None:
        return None
    return ApprovalStale(f"{state.approval_id} was asked for another {name.replace('_', ' ')}")


def _why_no_approval(state: State, by: Principal, digest: str) -> ApprovalRefused | None:
    person = person_of(by.subject)
    if person == person_of(state.binding.requester_subject):  # rule 3
        return OwnApproval(f"{state.approval_id} was asked for by the same person: somebody else must approve it")
    if person in {vote.person for vote in state.approvals}:
        return ApprovalUsed(f"this person has approved {state.approval_id} already: each counts once")
    if state.kind is Kind.APPROVED:
        return ApprovalUsed(f"{state.approval_id} has its quorum of {state.binding.quorum} already")
    if digest != state.digest:  # rule 2
        return ApprovalStale(f"the digest is not that of {state.approval_id} as it stands now")
    return None


def _why_no_rejection(state: State, digest: str) -> ApprovalRefused | None:
    """A rejection may have been meant for any position so far: it is the safe answer, and nobody has to look again."""
    if digest not in {state.digest_at(position) for position in range(state.given + 1)}:
        return ApprovalStale(f"the digest is not that of {state.approval_id}")
    return None
