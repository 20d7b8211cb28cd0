# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""A drill of the stop button: pressed for a component that does not exist, seen by another transaction, lifted.

1. The watching transaction began before the button was pressed, on a connection of its own: so a run in its middle
   sees a stop as well as one that begins.
2. The scratch stop is lifted whatever happens.
3. The drill is recorded, whether it succeeded and how long it took (``stop.drilled``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from arf_enterprise.errors import Stopped
from arf_enterprise.governance.recording import record
from arf_enterprise.governance.stop import Reach, Scope, Stop, lift, press, require_clear
from arf_enterprise.identity.principal import Principal
from arf_enterprise.stores.postgres.database import Database, Transaction

MOST_S: Final = 2.0
"""Within how many seconds a stop must be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """What a drill showed: whether the stop was seen in time, and was gone after it was lifted; seconds it took."""

    stop_id: str
    ok: bool
    seen_after_s: float
    is_clear_again: bool

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "schema": "arf.stop-drill/1",
            "stop_id": self.stop_id,
            "ok": self.ok,
            "seen_after_s": self.seen_after_s,
            "most_s": MOST_S,
            "is_clear_again": self.is_clear_again,
        }


def drill(
    database: Database,
    tenant: str,
    *,
    by: Principal,
    request_id: str,
    clock: Callable[[], datetime],
    seconds: Callable[[], float],
) -> Drill:
    """Press, look, lift, and record what was found; ``seconds`` is a clock that does not go back."""
    scope = Scope(reach=Reach.COMPONENT, name=f"arf-drill/{request_id}"[:200])
    with database.transaction(tenant) as watching:
        was_clear = _is_clear(watching, scope)  # 1
        start = seconds()
        with _pressed(database, tenant, scope, by=by, request_id=request_id, clock=clock) as stop:
            is_seen = not _is_clear(watching, scope)
            took = seconds() - start
        is_clear_again = _is_clear(watching, scope)
    ok = was_clear and is_seen and is_clear_again and took <= MOST_S
    found = Drill(stop_id=stop.stop_id, ok=ok, seen_after_s=round(took, 6), is_clear_again=is_clear_again)
    with database.transaction(tenant) as transaction:  # 3
        record(
            transaction, "stop.drilled", f"stop/{stop.stop_id}", by=by, request_id=request_id, now=clock(),
            details={"ok": ok, "seen_after_s": found.seen_after_s},
        )  # fmt: skip
    return found


@contextmanager
def _pressed(
    database: Database, tenant: str, scope: Scope, *, by: Principal, request_id: str, clock: Callable[[], datetime]
) -> Iterator[Stop]:
    with database.transaction(tenant) as transaction:
        stop = press(transaction, scope, reason="a drill", by=by, request_id=request_id, now=clock())
    try:
        yield stop
    finally:  # 2
        with database.transaction(tenant) as transaction:
            lift(transaction, stop.stop_id, by=by, request_id=request_id, now=clock())


def _is_clear(transaction: Transaction, scope: Scope) -> bool:
    try:
        require_clear(transaction, component=scope.name, action="restart_container")
    except Stopped:
        return False
    return True
