# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Agents that people vouch for: which program may bring intents to this tenant, and until when.

1. An agent without an attestation that holds now brings no intent. A person needs none.
2. People attest, agents do not; an attestation ends after :data:`MOST_DAYS` days at the latest, and can be taken back.
3. What the agent is said to be (name, version, digest of its description) is what the person looked at: it is in the
   record of the attestation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from arf_core.canonical import digest, write_time
from arf_core.verify.fields import digest_of, text_of
from arf_enterprise.audit.entry import Actor, Entry
from arf_enterprise.audit.log import append
from arf_enterprise.errors import NotAttested, NotFound, NotPermitted, RequestError
from arf_enterprise.identifiers import new_id
from arf_enterprise.identity.principal import Principal
from arf_enterprise.stores.postgres.database import Transaction

DOMAIN: Final = "arf.agent/1"
MOST_DAYS: Final = 366
MOST: Final = 10_000
_ID: Final = re.compile(r"agent_[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedAgent:
    """What is to be attested: who the agent comes as, what it is, for how many days.

    Raises:
        FormatError: a text is empty, too long or not printable, or the digest is none.
        RequestError: the days are not from 1 to 366.
    """

    issuer: str
    subject: str
    name: str
    version: str
    description_digest: str
    days: int = 90

    def __post_init__(self) -> None:
        for what, most in (("issuer", 2000), ("subject", 2000), ("name", 200), ("version", 200)):
            text_of(getattr(self, what), what=what, most=most)
        digest_of(self.description_digest, what="description_digest")
        if not 1 <= self.days <= MOST_DAYS:
            raise RequestError(f"days is {self.days}: it must be 1 to {MOST_DAYS}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """An attestation."""

    agent_id: str
    issuer: str
    subject: str
    name: str
    version: str
    description_digest: str
    attested_at: datetime
    until: datetime
    revoked_at: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it holds at ``now``."""
        return self.revoked_at is None and self.attested_at <= now < self.until

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "agent_id": self.agent_id,
            "issuer": self.issuer,
            "subject": self.subject,
            "name": self.name,
            "version": self.version,
            "description_digest": self.description_digest,
            "attested_at": write_time(self.attested_at),
            "until": write_time(self.until),
            "revoked_at": None if self.revoked_at is None else write_time(self.revoked_at),
        }


def require_attested(transaction: Transaction, principal: Principal, now: datetime) -> None:
    """Nothing, if ``principal`` is a person, or an agent that was attested (rule 1).

    Raises:
        NotAttested: it is an agent, and no attestation of it holds now.
    """
    if not principal.is_agent:
        return
    who = {"issuer": principal.issuer, "subject": principal.subject}
    if transaction.maybe("agent_in_force", tenant=transaction.tenant, now=now, **who) is None:
        raise NotAttested(f"no attestation of the agent {principal.subject!r:.80} of {principal.issuer!r:.80} holds")


def attest(transaction: Transaction, wanted: WantedAgent, *, by: Principal, request_id: str, now: datetime) -> Agent:
    """Vouch for an agent; who may is asked before.

    Raises:
        NotPermitted: an agent wants to (rule 2).
    """
    if by.is_agent:
        raise NotPermitted("an agent attests nobody: a person must")
    agent = Agent(
        agent_id=new_id("agent", now),
        issuer=wanted.issuer,
        subject=wanted.subject,
        name=wanted.name,
        version=wanted.version,
        description_digest=wanted.description_digest,
        attested_at=now,
        until=now + timedelta(days=wanted.days),
    )
    names = ("agent_id", "issuer", "subject", "name", "version", "description_digest", "attested_at", "until")
    transaction.run("add_agent", tenant=transaction.tenant, **{name: getattr(agent, name) for name in names})
    document = agent.document()
    _record(
        transaction, "agent.attested", agent.agent_id, by=by, request_id=request_id, now=now,
        after=digest(DOMAIN, document), details=document,
    )  # fmt: skip
    return agent


def revoke(transaction: Transaction, agent_id: str, *, by: Principal, request_id: str, now: datetime) -> None:
    """Take an attestation back, from now on; who may is asked before.

    Raises:
        NotFound: there is none of that id that was not taken back.
    """
    is_one = _ID.fullmatch(agent_id) is not None
    row = transaction.maybe("revoke_agent", tenant=transaction.tenant, agent_id=agent_id, at=now) if is_one else None
    if row is None:
        raise NotFound(f"there is no attestation {agent_id!r:.80} that could be revoked")
    details = {"issuer": row["issuer"], "subject": row["subject"]}
    _record(transaction, "agent.revoked", agent_id, by=by, request_id=request_id, now=now, details=details)


def listed(transaction: Transaction) -> tuple[Agent, ...]:
    """The attestations of the tenant, those that have ended among them, in the order they were made."""
    return tuple(Agent(**row) for row in transaction.all("agents", tenant=transaction.tenant, most=MOST))


def _record(
    transaction: Transaction,
    action: str,
    agent_id: str,
    *,
    by: Principal,
    request_id: str,
    now: datetime,
    details: dict[str, object],
    after: str | None = None,
) -> None:
    entry = Entry(
        actor=Actor.of(by), action=action, target=f"agent/{agent_id}", at=now, request_id=request_id, after=after,
        details=details,
    )  # fmt: skip
    append(transaction, entry)
