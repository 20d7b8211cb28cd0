# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What the gate has ruled on before, read from the executions of a tenant: what another policy is tried on.

An execution that was refused before it was planned has no ruling, and is not among them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from arf_core.canonical import write_time
from arf_core.policy.document import Place
from arf_core.strict_json import parse_json
from arf_enterprise.governance.simulate import MOST_RECORDS, Record, record_of
from arf_enterprise.stores.postgres.database import Row, Transaction


def recorded(transaction: Transaction, *, most: int = MOST_RECORDS) -> tuple[Record, ...]:
    """The latest ``most`` executions that have a ruling, in the order of their times.

    Raises:
        RequestError: one of them is of a form that this version does not read.
    """
    rows = transaction.all("recorded_rulings", tenant=transaction.tenant, most=most)
    return tuple(record for row in reversed(rows) for record in _record(row))


def _record(row: Row) -> Iterator[Record]:
    step = parse_json(row["document"], what=f"the step of {row['execution_id']}")
    ruling = step.get("ruling") if isinstance(step, Mapping) else None
    if isinstance(ruling, Mapping):
        value = {
            "id": row["execution_id"],
            "asked": ruling["facts"],
            "wished": row["wished"],
            "at": write_time(row["created_at"]),
            "was": ruling["rung"],
        }
        yield record_of(value, Place(file=str(row["execution_id"]), line=1, column=1))
