# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What the steps of a run work with: everything that is not pure is given to them here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from arf_enterprise.actions.adapter import Adapter
from arf_enterprise.actions.probes import Answer
from arf_enterprise.audit.entry import Actor, Entry
from arf_enterprise.audit.log import append
from arf_enterprise.errors import ActionImpossible, EnterpriseError, LicenseError
from arf_enterprise.execution.run import Run
from arf_enterprise.governance.ruling import Rung
from arf_enterprise.identity.principal import SYSTEM
from arf_enterprise.licensing.entitlement import Entitlements
from arf_enterprise.stores.postgres.database import Database, Transaction
from arf_enterprise.targets.target import Probe, Target, Way

APPROVALS: Final = "approval_workflows"
AUTONOMY: Final = "autonomous_execution"
LEARNING: Final = "learning_engine"


class Notify(Protocol):
    """Tells people. It never fails: what cannot be told is logged."""

    def __call__(self, kind: str, run: Run, says: str) -> None:
        """Say ``says`` of ``run`` to whoever wants to hear of ``kind``."""


def nobody(kind: str, run: Run, says: str) -> None:
    """Tells nobody."""
    del kind, run, says


@dataclass(frozen=True, slots=True)
class Later:
    """A step has nothing to do now: it is to be asked again after ``seconds``, and keeps nobody from working."""

    seconds: float


Next = str | Later
"""What a step says: what comes next, or that it is to be asked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long is waited, in seconds: for a target that another run holds, for one that does not answer."""

    hold_s: float = 600.0
    answer_s: float = 30.0
    poll_s: float = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What the licence grants a run: the highest rung, whether outcomes of the past speak; or why nothing may start."""

    highest: Rung = Rung.DENY
    learns: bool = False
    refusal: LicenseError | None = None

    def ceiling(self) -> Rung:
        """The highest rung.

        Raises:
            LicenseError: new executions may not start.
        """
        if self.refusal is not None:
            raise self.refusal
        return self.highest


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What steps work with. ``pause`` waits, ``seconds`` is a clock that does not go back."""

    database: Database
    entitlements: Entitlements
    adapter: Callable[[Way, str], Adapter]
    ask: Callable[[Probe, Adapter | None], Answer]
    clock: Callable[[], datetime]
    seconds: Callable[[], float]
    pause: Callable[[float], None]
    notify: Notify = nobody
    patience: Patience = Patience()

    @contextmanager
    def reached(self, target: Target, way: Way) -> Iterator[Adapter]:
        """The adapter for ``way``, as long as the block lasts."""
        adapter = self.adapter(way, target.component)
        try:
            yield adapter
        finally:
            adapter.close()

    def granted(self) -> Granted:
        """What the licence grants. Never asked within a transaction: reading a licence takes one, too, and who holds a
        connection while waiting for another keeps the pool from ever having one.
        """
        try:
            entitlement = self.entitlements.current()
            entitlement.standing.require()
        except LicenseError as error:
            return Granted(refusal=error)
        features = entitlement.licence.features
        below = Rung.REQUIRE_APPROVAL if APPROVALS in features else Rung.ADVISE
        return Granted(highest=Rung.AUTONOMOUS if AUTONOMY in features else below, learns=LEARNING in features)


def way_of(target: Target, run: Run) -> Way:
    """The way of ``target`` for the run's action.

    Raises:
        ActionImpossible: it has none.
    """
    way = next((one for one in target.ways if run.action in {action.value for action in one.actions}), None)
    if way is None:
        raise ActionImpossible(f"{target.component} has no way for {run.action}")
    return way


def record(
    transaction: Transaction,
    run: Run,
    action: str,
    *,
    now: datetime,
    details: Mapping[str, object] | None = None,
    actor: Actor | None = None,
    before: str | None = None,
    after: str | None = None,
) -> str:
    """Write in the audit log what ``action`` did to ``run``, in the transaction of what it did."""
    known = {"intent_id": run.intent_id, "digest": run.digest, "action": run.action, "component": run.component}
    entry = Entry(
        actor=actor or Actor.of(SYSTEM),
        action=action,
        target=f"execution/{run.execution_id}",
        at=now,
        request_id=run.request_id,
        before=before,
        after=after,
        details={**known, **(details or {})},
    )
    return append(transaction, entry)


def told(error: Exception) -> tuple[str, str]:
    """The code and the text of what went wrong; of a foreign exception only its kind: its text may have a secret."""
    if isinstance(error, EnterpriseError):
        return error.code, str(error)
    return EnterpriseError.code, type(error).__name__
