# SPDX-License-Identifier: Apache-2.0
"""The report on an approval: a signed statement of the kind ``arf.approval/1`` (docs/contracts/approval/1).

1. It is signed by a key that the verifier trusts for approvals. (``verify.signatures``)
2. It has as many votes as its quorum, each by another person, none by the requester.
3. What each of them approved recomputes: the digest, in the domain ``arf.approval/1``, of everything the approval is
   bound to and of how many had approved before.
4. Each vote came before the approval expired, none before the one it stands after; it was used after them all, if at
   all, and before it expired.
5. Held against an intent, it is an approval of that intent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from arf_core.canonical import digest
from arf_core.errors import BadPlace, BrokenError, FormatError, VerificationError
from arf_core.models.healing_intent import HealingIntent
from arf_core.verify.fields import digest_of, list_of, object_of, size_of, text_of, time_of
from arf_core.verify.report import Report
from arf_core.verify.signatures import Statement, read_statement
from arf_core.verify.statements import check_trusted, not_proven_by, proven_by
from arf_core.verify.steps import Steps
from arf_core.verify.trust import TrustedKeys

KIND: Final = "arf.approval/1"
MOST_QUORUM: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One person's approval; the person is a reference into the audit log, which says nothing by itself."""

    reference: str
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """An approval whose form holds. ``bound`` is what each vote's digest is over, with its position."""

    bound: Mapping[str, object]
    intent_digest: str
    execution_id: str
    requester: str
    quorum: int
    expires_at: datetime
    votes: tuple[Vote, ...]
    used_at: datetime | None


def verify_approval(
    data: bytes, *, name: str, trusted: TrustedKeys | None, against: HealingIntent | None = None
) -> Report:
    """The report on the approval in ``data``; without trusted keys it does not verify."""
    steps = Steps()
    try:
        with steps.step("the statement has its form"):
            statement = read_statement(data)
        with steps.step("it is signed by a trusted key"):  # 1
            signers = check_trusted(statement, trusted)
        with steps.step("its payload has the form of its kind"):
            approval = approval_in(statement)
        with steps.step("its quorum is of different people, and not of the requester"):  # 2
            _check_people(approval)
        with steps.step("what each of them approved recomputes"):  # 3
            _check_digests(approval)
        with steps.step("they approved, and it was used, before it expired"):  # 4
            _check_times(approval)
        if against is not None:
            with steps.step("it is an approval of the intent it is held against"):  # 5
                _check_intent(approval, against)
    except BrokenError as error:
        return steps.failed("approval", name, error.place)
    return Report(
        kind="approval",
        name=name,
        checks=tuple(steps.checks),
        count=1,
        proven=(*proven_by(statement, signers), *_facts(approval)),
        not_proven=(*not_proven_by(signers), *_NOT_PROVEN),
    )


def approval_in(statement: Statement) -> Approval:
    """The approval that is the payload of ``statement``.

    Raises:
        FormatError: it is for no tenant, or not in the form.
    """
    what = "the approval"
    given = object_of(statement.payload, what=what, keys=(*_BOUND, "votes", "used_at"))
    if statement.kind != KIND or statement.tenant is None:
        raise FormatError(f"{what} is of the kind {statement.kind}, or for no tenant")
    requester = _checked(given)
    listed = list_of(given["votes"], what=f"the votes of {what}", most=MOST_QUORUM)
    return Approval(
        bound={**{name: given[name] for name in _BOUND}, "tenant": statement.tenant},
        intent_digest=str(given["intent_digest"]),
        execution_id=str(given["execution_id"]),
        requester=requester,
        quorum=size_of(given["quorum"], what=f"the quorum of {what}"),
        expires_at=time_of(given["expires_at"], what=f"the expires_at of {what}"),
        votes=tuple(_vote(item, f"votes[{number}]") for number, item in enumerate(listed)),
        used_at=None if given["used_at"] is None else time_of(given["used_at"], what=f"the used_at of {what}"),
    )


_TEXTS: Final = ("approval_id", "execution_id", "executor")
_DIGESTS: Final = ("intent_digest", "change_digest", "policy_digest", "state_digest", "shown_digest")
_BOUND: Final = (*_TEXTS, *_DIGESTS, "requester", "quorum", "expires_at")
_NOT_PROVEN: Final = (
    "who the people are: their references stand for them in the audit log, which the tenant keeps",
    "that what they saw is what its digest is of: whoever has that can compare",
)


def _checked(given: Mapping[str, object]) -> str:
    """The requester's reference; what is bound has its form."""
    for field in _TEXTS:
        text_of(given[field], what=f"the {field} of the approval", most=200)
    for field in _DIGESTS:
        digest_of(given[field], what=f"the {field} of the approval")
    requester = object_of(given["requester"], what="the requester", keys=("issuer", "reference"))
    text_of(requester["issuer"], what="the requester's issuer")
    return text_of(requester["reference"], what="the requester's reference", most=200)


def _vote(item: object, what: str) -> Vote:
    given = object_of(item, what=what, keys=("issuer", "reference", "digest", "at"))
    text_of(given["issuer"], what=f"the issuer of {what}")
    return Vote(
        reference=text_of(given["reference"], what=f"the reference of {what}", most=200),
        digest=digest_of(given["digest"], what=f"the digest of {what}"),
        at=time_of(given["at"], what=f"the at of {what}"),
    )


def _check_people(approval: Approval) -> None:
    people = [vote.reference for vote in approval.votes]
    if approval.quorum < 1 or len(people) != approval.quorum:
        raise VerificationError(f"it has {len(people)} votes, and its quorum is {approval.quorum}")
    if len(set(people)) != len(people):
        raise VerificationError("a person has approved it twice: each counts once")
    if approval.requester in people:
        raise VerificationError("the requester has approved it: nobody approves their own")


def _check_digests(approval: Approval) -> None:
    for position, vote in enumerate(approval.votes):
        computed = digest(KIND, {**approval.bound, "position": position})
        if vote.digest != computed:
            what = "this vote was for something else than what the approval says"
            where = f"votes[{position}].digest"
            raise BrokenError(BadPlace(where=where, what=what, stated=vote.digest, computed=computed))


def _check_times(approval: Approval) -> None:
    times = [vote.at for vote in approval.votes]
    if times != sorted(times):
        raise VerificationError("a vote stands after one that came later")
    if times[-1] >= approval.expires_at:
        raise VerificationError("a vote came when the approval had expired")
    if approval.used_at is not None and not times[-1] <= approval.used_at < approval.expires_at:
        raise VerificationError("it was used before its last vote, or after it had expired")


def _check_intent(approval: Approval, against: HealingIntent) -> None:
    if approval.intent_digest != against.digest:
        what = "it is an approval of another intent"
        place = BadPlace(where="intent_digest", what=what, stated=approval.intent_digest, computed=against.digest)
        raise BrokenError(place)


def _facts(approval: Approval) -> tuple[str, ...]:
    used = "not used when it was signed" if approval.used_at is None else "used once"
    people = "1 person" if approval.quorum == 1 else f"{approval.quorum} different people"
    return (
        f"{people} approved {approval.intent_digest} for {approval.execution_id}, none the requester; it was {used}",
    )
