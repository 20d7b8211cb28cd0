# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The receipt of an intent: what whoever submitted it is told, once and for good (docs/hand-off.md).

1. It is written when there is something to say for the first time: refused, advised, waiting for approval, or applied.
   The same intent again gets the same receipt. Where the run stands now, ``GET /api/v1/executions/{id}`` says.
2. ``executed`` means that the target was changed; whether that helped is verified after it.
"""

from __future__ import annotations

from typing import Final, Literal

from arf_core.canonical import canonical_text
from arf_enterprise.execution.run import Run

Said = Literal["refused", "advised", "pending_approval", "executed"]
REFUSED: Final = "refused"


def receipt(
    run: Run, status: Said, *, approval_id: str | None = None, code: str | None = None, reason: str | None = None
) -> str:
    """The receipt in canonical JSON."""
    said: dict[str, object] = {
        "intent_id": run.intent_id,
        "digest": run.digest,
        "executed": status == "executed",
        "status": status,
        "audit_trail_id": run.audit_trail_id,
        "approval_id": approval_id,
        "execution_id": run.execution_id,
    }
    if code is not None:
        said |= {"code": code, "reason": reason}
    return canonical_text(said)
