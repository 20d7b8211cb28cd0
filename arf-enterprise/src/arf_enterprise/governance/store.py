# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The governance policy in the database: versions that only grow, in force once a second person has approved them.

1. In force is the highest version that was approved. Neither a clock nor the order of reading decides.
2. Who approves is an approver or admin, a person, known by a key or token, and not the author, whoever issued their
   names: names that differ only in case or spelling (NFKC) are one. The database refuses an author's approval, too.
3. The very first version of a tenant, pushed on the machine itself, is in force at once: there is nobody else yet. No
   other is, and nothing in a policy can change that.
4. A version older than the one in force cannot be approved any more: it was written against another policy.
5. What is read is loaded as strictly as it was pushed, and its digest recomputes: otherwise there is no policy, and
   without one nothing is permitted.
6. Each push and decision is recorded in its own transaction, with the digests before and after.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from arf_core.errors import ArfError, PolicyError
from arf_enterprise.audit.entry import Actor, Entry, told
from arf_enterprise.audit.log import append
from arf_enterprise.errors import ConflictError, NotFound, NotPermitted, OwnApproval, PolicyMissing, RequestError
from arf_enterprise.governance.policy import GovernancePolicy, load
from arf_enterprise.governance.versions import Verdict, Version, version_of
from arf_enterprise.identity.principal import Principal
from arf_enterprise.identity.roles import Operation, require
from arf_enterprise.stores.postgres.database import Row, Transaction

MOST_LISTED: Final = 1000
MOST_REASON: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """A version that was pushed, and whether it is in force already (rule 3)."""

    number: int
    policy: GovernancePolicy
    is_in_force: bool


def current(transaction: Transaction) -> GovernancePolicy:
    """The policy in force of the transaction's tenant.

    Raises:
        PolicyMissing: there is none, or it cannot be read (rule 5).
    """
    return _loaded(_in_force(transaction))


def push(
    transaction: Transaction,
    text: str,
    *,
    file: str,
    by: Principal,
    request_id: str,
    now: datetime,
    may_begin: bool = True,
) -> Pushed:
    """Add a version of the policy of the transaction's tenant; it waits for a second person.

    Without ``may_begin``, even a first version waits (rule 3).

    Raises:
        NotPermitted: the caller may not write policies.
        RequestError: mistakes in ``text``; the message has the first of them with its place.
        ConflictError: it is in force already, or waits already.
    """
    require(by, Operation.POLICY_WRITE)
    policy = read_policy(text, file=told(file)[:1000])
    tenant = transaction.tenant
    one_at_a_time(transaction)
    before = _in_force(transaction)
    if before is not None and before["digest"] == policy.digest:
        raise ConflictError(f"version {before['version']} says the same, and is in force")
    if waiting := transaction.maybe("waiting_policy", tenant=tenant, digest=policy.digest):
        raise ConflictError(f"version {waiting['version']} says the same, and waits to be approved")
    number = transaction.one("latest_policy_version", tenant=tenant)["version"] + 1
    transaction.run(
        "add_policy_version",
        tenant=tenant,
        version=number,
        digest=policy.digest,
        file=policy.file,
        content=text,
        issuer=by.issuer,
        author=by.subject,
        method=by.method,
        pushed_at=now,
    )
    begins = may_begin and number == 1 and by.method == "local"  # rule 3
    _record(transaction, "pushed", number, policy.digest, before, by=by, request_id=request_id, now=now)
    if begins:
        _decide(transaction, number, "first", by=by, reason="the first version, pushed on the machine itself", now=now)
        _record(transaction, "approved", number, policy.digest, before, by=by, request_id=request_id, now=now)
    return Pushed(number=number, policy=policy, is_in_force=begins)


def decide(
    transaction: Transaction,
    digest: str,
    *,
    by: Principal,
    approve: bool,
    reason: str,
    request_id: str,
    now: datetime,
) -> int:
    """Approve or reject the version of ``digest`` that waits; its number.

    Raises:
        NotPermitted: the caller may not approve policies, or nobody knows who it is (rule 2).
        OwnApproval: the caller wrote it.
        NotFound: no version of that digest waits.
        ConflictError: a later version is in force already (rule 4).
        RequestError: no reason.
    """
    require(by, Operation.POLICY_APPROVE)
    if by.is_agent or by.method not in {"api_key", "oidc"}:
        raise NotPermitted("a policy is approved by a person with a key or token: a shell or a program proves nobody")
    one_at_a_time(transaction)
    waiting = transaction.maybe("waiting_policy", tenant=transaction.tenant, digest=digest)
    if waiting is None:
        raise NotFound("no version of that digest waits to be approved")
    if approve and _person(by.subject) == _person(waiting["author"]):
        raise OwnApproval("nobody approves a policy of their own: ask a second person")
    before, number = _in_force(transaction), int(waiting["version"])
    if approve and before is not None and before["version"] > number:  # rule 4
        raise ConflictError(f"version {before['version']} came into force meanwhile: push this one again")
    _decide(transaction, number, "approved" if approve else "rejected", by=by, reason=_reason(reason), now=now)
    action = "approved" if approve else "rejected"
    _record(transaction, action, number, digest, before, by=by, request_id=request_id, now=now)
    return number


def history(transaction: Transaction) -> Sequence[Version]:
    """The versions there were, the latest first, at most :data:`MOST_LISTED`."""
    rows = transaction.all("policy_versions", tenant=transaction.tenant, most=MOST_LISTED)
    return tuple(version_of(row) for row in rows)


def by_digest(transaction: Transaction, digest: str) -> tuple[GovernancePolicy, str]:
    """The last version of ``digest``, in force or not, and its text.

    Raises:
        NotFound: there is none.
        PolicyMissing: it cannot be read.
    """
    row = transaction.maybe("policy_by_digest", tenant=transaction.tenant, digest=digest)
    if row is None:
        raise NotFound("there is no version of that digest")
    return _loaded(row), str(row["content"])


def one_at_a_time(transaction: Transaction) -> None:
    """Wait until nobody else in this tenant decides by its policy; others wait until the transaction ends.

    Who counts executions for a rate and records one more, does both after this, in one transaction: then no two count
    the same.
    """
    transaction.run("one_policy_decider", tenant=transaction.tenant)


def read_policy(text: str, *, file: str) -> GovernancePolicy:
    """The policy in ``text``.

    Raises:
        RequestError: the first of its mistakes.
    """
    try:
        return load(text, file=file)
    except PolicyError as error:
        raise RequestError(str(error)) from error


def _in_force(transaction: Transaction) -> Row | None:
    return transaction.maybe("current_policy", tenant=transaction.tenant)


def _loaded(row: Row | None) -> GovernancePolicy:  # rule 5
    if row is None:
        raise PolicyMissing("no governance policy is in force in this tenant, so nothing is permitted")
    try:
        policy = _remembered(row["content"], row["file"])
    except ArfError as error:
        raise PolicyMissing(f"version {row['version']} of the policy cannot be read: {error}") from error
    if policy.digest != row["digest"]:
        raise PolicyMissing(f"version {row['version']} of the policy is not the one that was approved: digests differ")
    return policy


@lru_cache(maxsize=32)
def _remembered(text: str, file: str) -> GovernancePolicy:
    """The same text is the same policy: what every execution reads is parsed once."""
    return load(text, file=file)


def _decide(
    transaction: Transaction, number: int, verdict: Verdict, *, by: Principal, reason: str, now: datetime
) -> None:
    transaction.run(
        "add_policy_decision",
        tenant=transaction.tenant,
        version=number,
        verdict=verdict,
        issuer=by.issuer,
        subject=by.subject,
        reason=reason,
        decided_at=now,
    )


def _record(
    transaction: Transaction,
    what: str,
    number: int,
    digest: str,
    before: Row | None,
    *,
    by: Principal,
    request_id: str,
    now: datetime,
) -> None:  # rule 6
    entry = Entry(
        actor=Actor.of(by),
        action=f"policy.{what}",
        target=f"policy/{number}",
        at=now,
        request_id=request_id,
        before=None if before is None else before["digest"],
        after=digest,
        details={"by": by.method},
    )
    append(transaction, entry)


def _person(subject: str) -> str:
    """Rule 2: the spellings of one name as one."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", subject).casefold()).strip()


def _reason(reason: str) -> str:
    if not reason.strip() or len(reason) > MOST_REASON or not reason.isprintable():
        raise RequestError(f"a decision has a reason: 1 to {MOST_REASON} printable characters")
    return reason
