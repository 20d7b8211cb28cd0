# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The stop button: for one action, one component, a tenant, or all of the installation.

1. A stop holds from the moment its transaction has committed until somebody lifts it, over restarts, for every server
   of the database. A run asks before each step (:func:`require_clear`).
2. Pressing is easy and lifting is not: who may do which is the table of ``identity.roles``. With several tenants, all
   of them are stopped, and set going again, only by an admin.
3. Whoever cannot ask is stopped: no tenant, no answer.
4. It is recorded in the same transaction: ``stop.pressed``, ``stop.lifted``, ``stop.drilled``. A stop of all is
   recorded in the log of the tenant where it was pressed or lifted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from arf_core.canonical import write_time
from arf_enterprise.audit.entry import told
from arf_enterprise.errors import ConflictError, NotFound, RequestError, Stopped, TenantError
from arf_enterprise.governance.recording import record
from arf_enterprise.identifiers import new_id
from arf_enterprise.identity.principal import Principal
from arf_enterprise.stores.postgres.database import Transaction

MOST: Final = 1000
MOST_NAME: Final = 200
_ID: Final = re.compile(r"stop_[0-9a-f]{32}")


class Reach(StrEnum):
    """What a stop is for."""

    ALL = "all"
    TENANT = "tenant"
    COMPONENT = "component"
    ACTION = "action"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is stopped; ``name`` is the component's or action's, and empty for a tenant and for all.

    Raises:
        RequestError: a name is missing, too long, not printable, or there where none belongs.
    """

    reach: Reach
    name: str = ""

    def __post_init__(self) -> None:
        needs_name = self.reach in {Reach.COMPONENT, Reach.ACTION}
        if needs_name != bool(self.name):
            raise RequestError(f"a stop of {self.reach} {'names' if needs_name else 'does not name'} what it is for")
        if len(self.name) > MOST_NAME or not self.name.isprintable():
            raise RequestError(f"the name must be at most {MOST_NAME} printable characters")

    def __str__(self) -> str:
        return f"{self.reach} {self.name}" if self.name else str(self.reach)


ALL: Final = Scope(reach=Reach.ALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A stop; ``pressed_by`` is None for one of all: that is in the audit log of the tenant where it was pressed."""

    stop_id: str
    scope: Scope
    reason: str
    pressed_at: datetime
    pressed_by: str | None = None
    lifted_at: datetime | None = None

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "stop_id": self.stop_id,
            "scope": self.scope.reach.value,
            "name": self.scope.name or None,
            "reason": self.reason,
            "pressed_by": self.pressed_by,
            "pressed_at": write_time(self.pressed_at),
            "lifted_at": None if self.lifted_at is None else write_time(self.lifted_at),
        }


def require_clear(transaction: Transaction, *, component: str, action: str) -> None:
    """Nothing, if no stop forbids ``action`` on ``component`` in the transaction's tenant. One query.

    Raises:
        Stopped: one does; the message says which.
        TenantError: the transaction has no tenant (rule 3).
    """
    if transaction.tenant is None:
        raise TenantError("whether a stop is in force is asked for a tenant, and the transaction has none")
    row = transaction.maybe("stop_in_force", tenant=transaction.tenant, component=component, action=action)
    if row is not None:
        scope = Scope(reach=Reach(row["scope"]), name=row["name"])
        raise Stopped(f"{row['stop_id']} stops {scope} since {write_time(row['pressed_at'])}")


def press(
    transaction: Transaction, scope: Scope, *, reason: str, by: Principal, request_id: str, now: datetime
) -> Stop:
    """Stop ``scope``; who may is asked before (rule 2).

    Raises:
        TenantError: the transaction has no tenant.
        RequestError: there is no reason.
    """
    if not reason.strip():
        raise RequestError("a stop needs a reason: whoever lifts it must know why it is there")
    stop = Stop(
        stop_id=new_id("stop", now), scope=scope, reason=told(reason), pressed_at=now,
        pressed_by=None if scope.reach is Reach.ALL else told(by.subject),
    )  # fmt: skip
    what = {"stop_id": stop.stop_id, "reason": stop.reason, "pressed_at": now}
    if scope.reach is Reach.ALL:
        transaction.run("add_stop_of_all", **what)
    else:
        place = {"tenant": transaction.tenant, "scope": scope.reach.value, "name": scope.name}
        transaction.run("add_stop", **place, **what, pressed_by=stop.pressed_by)
    _record(transaction, "stop.pressed", stop, by=by, request_id=request_id, now=now, personal={"reason": stop.reason})
    return stop


def lift(transaction: Transaction, stop_id: str, *, by: Principal, request_id: str, now: datetime) -> Stop:
    """End a stop; who may is asked before (rule 2).

    Raises:
        NotFound: the tenant is under no such stop.
        ConflictError: it was lifted before.
    """
    stop = find(transaction, stop_id)
    query = "lift_stop_of_all" if stop.scope.reach is Reach.ALL else "lift_stop"
    place = {} if stop.scope.reach is Reach.ALL else {"tenant": transaction.tenant}
    if not transaction.run(query, stop_id=stop_id, at=now, **place):
        raise ConflictError(f"{stop_id} was lifted before")
    _record(transaction, "stop.lifted", stop, by=by, request_id=request_id, now=now)
    return find(transaction, stop_id)


def find(transaction: Transaction, stop_id: str) -> Stop:
    """The stop ``stop_id``.

    Raises:
        NotFound: the tenant is under no such stop.
    """
    is_one = _ID.fullmatch(stop_id) is not None
    row = transaction.maybe("one_stop", tenant=transaction.tenant, stop_id=stop_id) if is_one else None
    if row is None:
        raise NotFound(f"there is no stop {stop_id!r:.80}")
    return _stop(row)


def listed(transaction: Transaction, *, with_lifted: bool = False) -> tuple[Stop, ...]:
    """The stops the tenant is under, the latest first, at most 1000; with those that were lifted, if asked for."""
    rows = transaction.all("stops", tenant=transaction.tenant, with_lifted=with_lifted, most=MOST)
    return tuple(map(_stop, rows))


def _stop(row: Mapping[str, Any]) -> Stop:
    names = ("stop_id", "reason", "pressed_by", "pressed_at", "lifted_at")
    scope = Scope(reach=Reach(row["scope"]), name=row["name"])
    return Stop(scope=scope, **{name: row[name] for name in names})


def _record(
    transaction: Transaction,
    action: str,
    stop: Stop,
    *,
    by: Principal,
    request_id: str,
    now: datetime,
    personal: Mapping[str, str] | None = None,
) -> None:
    details = {"scope": stop.scope.reach.value, "name": stop.scope.name}
    record(
        transaction, action, f"stop/{stop.stop_id}", by=by, request_id=told(request_id), now=now, details=details,
        personal=personal,
    )  # fmt: skip
