# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What callers are told: the receipt of an intent, and runs with their steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, cast

from arf_core.canonical import write_time
from arf_core.strict_json import parse_json
from arf_enterprise.errors import RequestError
from arf_enterprise.execution.run import Run, Status, read, run_of
from arf_enterprise.stores.postgres.database import Database

MOST_LISTED: Final = 200
_FIRST_S: Final = 0.01
_LAST_S: Final = 0.04


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Asks the database about runs; ``pause`` waits, ``seconds`` is a clock that does not go back."""

    database: Database
    seconds: Callable[[], float]
    pause: Callable[[float], None]

    def receipt(self, run: Run, *, patience_s: float) -> dict[str, object] | None:
        """The receipt of the run, waited for; None if there is nothing to say after ``patience_s`` seconds."""
        end, pause, now = self.seconds() + patience_s, _FIRST_S, run
        while now.receipt is None and self.seconds() < end:
            self.pause(pause)
            pause = min(pause * 1.5, _LAST_S)
            with self.database.transaction(run.tenant) as transaction:
                row = transaction.one("execution", tenant=run.tenant, execution_id=run.execution_id)
            now = run_of(row)
        if now.receipt is None:
            return None
        return cast("dict[str, object]", parse_json(now.receipt, what="the receipt"))

    def one(self, tenant: str, execution_id: str) -> dict[str, object]:
        """The run with what its steps found.

        Raises:
            NotFound: there is none of that id.
        """
        with self.database.transaction(tenant) as transaction:
            run = read(transaction, execution_id)
            rows = transaction.all("execution_steps", tenant=tenant, execution_id=execution_id)
        steps = [
            {"step": row["step"], "at": write_time(row["at"]), "found": parse_json(str(row["document"]), what="a step")}
            for row in rows
        ]
        return {**run.document(), "intent": parse_json(run.intent, what="the intent"), "steps": steps}

    def some(
        self, tenant: str, *, status: str | None, component: str | None, before: str | None, most: int
    ) -> Sequence[dict[str, object]]:
        """The latest runs, the newest first: of a status, of a component, before a run.

        Raises:
            RequestError: there is no such status.
        """
        if status is not None and status not in set(Status):
            raise RequestError(f"status must be one of {', '.join(Status)}")
        with self.database.transaction(tenant) as transaction:
            rows = transaction.all(
                "executions",
                tenant=tenant,
                status=status,
                component=component,
                before=before,
                most=min(most, MOST_LISTED),
            )
        return [run_of(row).document() for row in rows]
