# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Changes from outside, such as deploys: noted by whoever makes them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from arf_core.canonical import write_time
from arf_core.verify.fields import text_of
from arf_enterprise.audit.entry import Actor, Entry
from arf_enterprise.audit.log import append
from arf_enterprise.identifiers import new_id
from arf_enterprise.identity.principal import Principal
from arf_enterprise.learning.outbox import enqueue
from arf_enterprise.stores.postgres.database import Transaction

MOST_WORDS: Final = 500


def note(
    transaction: Transaction, component: str, what: str, *, at: datetime, by: Principal, request_id: str, now: datetime
) -> str:
    """Note that ``what`` was changed on ``component`` at a time; the id of the change.

    Raises:
        FormatError: no component, or no words, or too many.
    """
    change_id = new_id("change", now)
    said = {
        "component": text_of(component, what="the component"),
        "what": text_of(what, what="what was changed", most=MOST_WORDS),
        "at": write_time(at),
    }
    enqueue(transaction, "change", change_id, said)
    append(
        transaction,
        Entry(
            actor=Actor.of(by), action="change.noted", target=f"change/{change_id}", at=now, request_id=request_id,
            details=said,
        ),
    )  # fmt: skip
    return change_id
