# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What tests of approvals start from: people, and requests of the tenant ``acme``."""

from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from arf_enterprise.audit.reading import records, size_of
from arf_enterprise.audit.sequencer import integrate_all
from arf_enterprise.audit.testing import signing_key
from arf_enterprise.governance import approval
from arf_enterprise.governance.approval import Binding, State
from arf_enterprise.identity.principal import Principal, Role
from arf_enterprise.stores.postgres.database import Database

NOW: Final = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
TENANT: Final = "acme"
_NUMBERS: Final = itertools.count()


def sha(text: str) -> str:
    """The digest of ``text``, as those of a binding look."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def person(subject: str, *roles: Role, **more: Any) -> Principal:
    """Somebody of acme: an approver, unless other roles are given."""
    fields: dict[str, Any] = {
        "issuer": "arf",
        "subject": subject,
        "method": "api_key",
        "tenants": frozenset({TENANT}),
        "roles": frozenset(roles or (Role.APPROVER,)),
    }
    return Principal(**{**fields, **more})


def binding(**changed: Any) -> Binding:
    """What a robot asks approval for, of an execution of its own."""
    fields: dict[str, Any] = {
        "tenant": TENANT,
        "execution_id": f"execution_{next(_NUMBERS)}",
        "intent_digest": sha("intent"),
        "change_digest": sha("change"),
        "policy_digest": sha("policy"),
        "state_digest": sha("state"),
        "executor": "supervisor",
        "requester_issuer": "arf",
        "requester_subject": "robot",
        "quorum": 1,
        "expires_at": NOW + timedelta(hours=1),
    }
    return Binding(**{**fields, **changed})


SHOWN: Final = {"summary": "restart checkout", "diff": ["- pid 1", "+ pid 2"], "instances": 1}


@dataclass(slots=True)
class Desk:
    """Requests for approval in a database, and what people say to them."""

    database: Database
    tenant: str = TENANT
    now: datetime = NOW

    def ask(self, bound: Binding | None = None, **changed: Any) -> State:
        """Ask for approval of ``bound``."""
        with self.database.transaction(self.tenant) as transaction:
            approval_id = approval.ask(transaction, bound or binding(**changed), shown=SHOWN, now=self.now)
        return self.look(approval_id)

    def look(self, approval_id: str) -> State:
        """How it stands."""
        with self.database.transaction(self.tenant) as transaction:
            return approval.look(transaction, approval_id, self.now)

    def say(self, state: State, by: Principal, *, approve: bool = True, **changed: Any) -> State:
        """Vote with the digest of ``state``."""
        fields: dict[str, Any] = {
            "approval_id": state.approval_id,
            "by": by,
            "approve": approve,
            "digest": state.digest,
            "reason": "",
            "request_id": "r1",
        }
        return approval.vote(self.database, self.tenant, approval.Said(**{**fields, **changed}), now=self.now)

    def use(self, approval_id: str, bound: Binding) -> None:
        """Use it for ``bound``."""
        with self.database.transaction(self.tenant) as transaction:
            approval.use(transaction, approval_id, bound, self.now)

    def recorded(self, prefix: str = "approval.") -> list[str]:
        """The actions in the audit log that begin with ``prefix``, in order."""
        return [action for action, _ in self.entries(prefix)]

    def entries(self, prefix: str = "") -> list[tuple[str, dict[str, Any]]]:
        """The actions and the whole records."""
        integrate_all(self.database, self.tenant, key=signing_key(), now=self.now)
        size = size_of(self.database, self.tenant)
        found = [json.loads(record.text) for record in records(self.database, self.tenant, first=0, last=size)]
        return [(str(record["action"]), record) for record in found if record["action"].startswith(prefix)]
