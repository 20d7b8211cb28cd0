# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""How execution stands in a tenant: the runs by where they stand, and what they are under. For people and for counting.

Of the runs that have ended, those that began within :data:`LATELY` count: the question costs as much as a day's work,
however long the history is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from arf_enterprise.errors import PolicyMissing, TargetUnknown
from arf_enterprise.execution.run import ENDS, Status
from arf_enterprise.governance.stop import listed
from arf_enterprise.governance.store import current as policy_in_force
from arf_enterprise.stores.postgres.database import Database, Transaction
from arf_enterprise.targets.store import current as inventory_in_force

LATELY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a tenant's runs are under, and how many runs stand where.

    ``policy`` is the digest of the governance policy in force, None without one that can be read; ``targets`` is how
    many the inventory has; ``stops`` are those in force.
    """

    runs: Mapping[Status, int]
    policy: str | None
    targets: int
    stops: tuple[str, ...]

    @property
    def open_runs(self) -> int:
        """How many runs have not ended."""
        return sum(number for status, number in self.runs.items() if status not in ENDS)

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "open_runs": self.open_runs,
            "runs": {status.value: number for status, number in self.runs.items()},
            "policy": self.policy,
            "targets": self.targets,
            "stops": list(self.stops),
        }


def standing(database: Database, tenant: str, *, now: datetime) -> Standing:
    """How ``tenant`` stands.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with database.transaction(tenant) as transaction:
        return Standing(
            runs=_runs(transaction, tenant, now),
            policy=_policy(transaction),
            targets=_targets(transaction),
            stops=tuple(str(one.scope) for one in listed(transaction)),
        )


def runs(database: Database, *, now: datetime) -> dict[Status, int]:
    """How many runs of all tenants stand where.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    total = dict.fromkeys(Status, 0)
    for tenant in database.tenants():
        with database.transaction(tenant) as transaction:
            for status, number in _runs(transaction, tenant, now).items():
                total[status] += number
    return total


def _runs(transaction: Transaction, tenant: str, now: datetime) -> dict[Status, int]:
    rows = transaction.all("executions_by_status", tenant=tenant, since=now - LATELY)
    return {Status(row["status"]): int(row["number"]) for row in rows}


def _policy(transaction: Transaction) -> str | None:
    try:
        return policy_in_force(transaction).digest
    except PolicyMissing:
        return None


def _targets(transaction: Transaction) -> int:
    try:
        return len(inventory_in_force(transaction).targets)
    except TargetUnknown:
        return 0
