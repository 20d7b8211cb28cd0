# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Refusing a run: nothing happened, the reason has a code, and it is recorded in the transaction that ends the run."""

from __future__ import annotations

from typing import Final

from arf_enterprise.errors import (
    EnterpriseError,
    ExecutionRefused,
    OwnedElsewhere,
    PolicyRefused,
)
from arf_enterprise.execution import hold
from arf_enterprise.execution.means import Means, record, told
from arf_enterprise.execution.receipt import receipt
from arf_enterprise.execution.run import Run, Status, note, say
from arf_enterprise.governance.ruling import Ruling, Rung

DECIDED: Final = "decided"
_KINDS: Final = {kind.code: kind for kind in ExecutionRefused.__subclasses__()}


def refuse(means: Means, run: Run, error: EnterpriseError, *, step: str = DECIDED, ruling: Ruling | None = None) -> str:
    """End ``run`` as refused, because of ``error`` and give its target back if it holds it.

    ``ruling`` is the gate's, if it is the gate that refuses.

    Raises:
        FenceLost: another server has taken the run up.
    """
    code, says = told(error)
    found: dict[str, object] = {"next": "end", "code": code, "says": says}
    if ruling is not None:
        found["ruling"] = ruling.document()
    if isinstance(error, OwnedElsewhere):
        found["patch"] = error.patch
    now = means.clock()
    with means.database.transaction(run.tenant) as transaction:
        hold.still_mine(transaction, run)
        note(transaction, run, step, found, now=now)
        say(
            transaction, run, Status.REFUSED, now=now, code=code, says=says,
            receipt=receipt(run, "refused", code=code, reason=says),
        )  # fmt: skip
        record(transaction, run, "execution.refused", now=now, details={"code": code, "because": says})
        hold.release(transaction, run, now)
    return "end"


def denial(ruling: Ruling) -> EnterpriseError:
    """The refusal that a ruling of DENY is, under its own code."""
    first = next((reason for reason in ruling.reasons if reason.rung is Rung.DENY), None)
    says = "the policy denies it" if first is None else f"{first.rule} ({first.place}): {first.says}"
    return _KINDS.get(ruling.code or "", PolicyRefused)(says)
