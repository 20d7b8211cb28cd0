# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The outcomes that learning reads back: those that no reset took out, with what people said of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from arf_enterprise.learning.observed import Label, Observed, Result, settled
from arf_enterprise.stores.postgres.database import Row, Transaction

MOST: Final = 20_000
"""The newest outcomes that are read at once."""
MOST_OF_A_FAULT: Final = 1000
"""The newest that are read of one fault: a run waits for them."""
MEMORY: Final = timedelta(days=365)
"""What is older weighs nothing any more (``posterior.HALF_LIFE_DAYS``)."""


def observations(
    tx: Transaction, *, now: datetime, action: str | None = None, signature: str | None = None
) -> tuple[Observed, ...]:
    """What to learn from, the oldest first, with the results that count; controls are always among it."""
    most = MOST if signature is None else MOST_OF_A_FAULT
    rows = tx.all(
        "observations", tenant=tx.tenant, since=now - MEMORY, action=action, signature=signature, most=most
    )  # fmt: skip
    return settled(map(_observed, rows))


def _observed(row: Row) -> Observed:
    return Observed(
        action=row["action"],
        component=row["component"],
        kind=row["kind"],
        signature=row["signature"],
        incident_id=row["incident_id"],
        at=row["at"],
        result=Result(row["result"]),
        labels=tuple(
            Label(result=Result(result), labeller=labeller)
            for result, labeller in zip(row["labels"], row["labellers"], strict=True)
        ),
        waited_s=_number(row["evidence"], "waited_s"),
        window_s=_number(row["evidence"], "window_s"),
        believed=_number(row["evidence"], "believed"),
    )


def _number(evidence: Mapping[str, object], name: str) -> float | None:
    value = evidence.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
