# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The switch of learning: off, shadow, on; for each tenant, in this order, by an audited command.

1. As installed it is off: nothing is learned from, advice is the open edition's.
2. In shadow, estimates are computed and shown beside the advice; they change nothing.
3. It goes on from shadow only: what it would do was to be seen before. It goes down from anywhere, at once.
4. The licence must include ``learning_engine``; without it learning is off, whatever the switch says.
5. A reset says from when on the outcomes of some cells count. Nothing is deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from arf_enterprise.audit.entry import Actor, Entry
from arf_enterprise.audit.log import append
from arf_enterprise.errors import ConflictError, LicenseError
from arf_enterprise.identifiers import new_id
from arf_enterprise.identity.principal import Principal
from arf_enterprise.licensing.entitlement import Entitlements
from arf_enterprise.stores.postgres.database import Transaction

FEATURE: Final = "learning_engine"


class Mode(StrEnum):
    """How the switch stands."""

    OFF = "off"
    SHADOW = "shadow"
    ON = "on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which cells are meant; None stands for all."""

    action: str | None = None
    component: str | None = None
    signature: str | None = None

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {"action": self.action, "component": self.component, "signature": self.signature}


def mode(tx: Transaction) -> Mode:
    """How the switch of the transaction's tenant stands (rule 1)."""
    row = tx.maybe("learning_mode", tenant=tx.tenant)
    return Mode.OFF if row is None else Mode(row["mode"])


def licensed(entitlements: Entitlements) -> bool:
    """Whether the licence includes learning. Not asked within a transaction: it may need one itself."""
    try:
        entitlements.current().require(FEATURE)
    except LicenseError:
        return False
    return True


def effective(tx: Transaction, *, is_licensed: bool) -> Mode:
    """How learning stands, the licence considered (rule 4)."""
    return mode(tx) if is_licensed else Mode.OFF


def switch(tx: Transaction, wanted: Mode, *, by: Principal, request_id: str, now: datetime) -> Mode:
    """Set the switch; how it stood before.

    Raises:
        ConflictError: it goes on from shadow only (rule 3).
    """
    tx.one("lock_learning", tenant=tx.tenant)
    before = mode(tx)
    if wanted is Mode.ON and before is Mode.OFF:
        raise ConflictError(
            "learning goes on from shadow: run `arf-enterprise learning shadow` first, and see what it says"
        )
    if wanted is not before:
        tx.run("set_learning_mode", tenant=tx.tenant, switch_id=new_id("switch", now), mode=wanted.value, at=now)
        details: dict[str, object] = {"was": before.value, "is": wanted.value}
        append(tx, _entry("learning.switched", "learning/switch", details, by=by, request_id=request_id, now=now))
    return before


def reset(tx: Transaction, scope: Scope, *, by: Principal, request_id: str, now: datetime) -> str:
    """Let the outcomes of ``scope`` up to now no longer count (rule 5); the id of the reset."""
    reset_id = new_id("reset", now)
    tx.run("add_learning_reset", tenant=tx.tenant, reset_id=reset_id, at=now, **scope.document())
    target = f"learning/{reset_id}"
    append(tx, _entry("learning.reset", target, scope.document(), by=by, request_id=request_id, now=now))
    return reset_id


def _entry(
    action: str, target: str, details: dict[str, object], *, by: Principal, request_id: str, now: datetime
) -> Entry:
    return Entry(actor=Actor.of(by), action=action, target=target, at=now, request_id=request_id, details=details)
