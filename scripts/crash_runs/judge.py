# SPDX-License-Identifier: Apache-2.0
"""Whether anything is amiss after a kill.

1. The run has ended, as the scenario ends or by doing less: refused before anything was done, or undone half way.
2. No second effect: the service was stopped by request at most once for each direction, and runs what the link names.
3. The log has each of the run's actions once, in order, and says that something was done if something was done.
4. Rows and log agree: as many steps as records of them.
5. No target is held by a run that has ended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from crash_runs.cells import Cell

Rows = Callable[..., list[dict[str, object]]]
_BEGUN: Final = ("intent.submitted", "execution.decided", "execution.applying", "execution.applied")
_UNDONE: Final = ("execution.reverting", "execution.reverted")
ORDERS: Final = {
    "succeeded": (*_BEGUN, "execution.verified", "execution.succeeded"),
    "reverted": (*_BEGUN, "execution.verified", *_UNDONE, "execution.reverted"),
    "failed_and_reverted": (*_BEGUN, *_UNDONE, "execution.failed_and_reverted"),
    "refused": ("intent.submitted", "execution.decided", "execution.refused"),
}
"""The records of a run by its end."""
_RECORDS: Final = {
    "decided": "execution.decided", "apply_begun": "execution.applying", "applied": "execution.applied",
    "verified": "execution.verified", "revert_begun": "execution.reverting",
}  # fmt: skip
_LEARNED: Final = ("outcome.recorded",)
_APPROVAL: Final = ("approval.asked", "approval.given", "approval.used")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a kill left: ``stops`` is how often the service was stopped by request."""

    cell: Cell
    status: str
    stops: int
    took_s: float
    link: str
    release: str
    was_killed: bool
    row: Mapping[str, object] = field(repr=False)
    amiss: tuple[str, ...] = ()


def amiss(rows: Rows, found: Found) -> list[str]:
    """What is amiss."""
    if not found.was_killed:
        return ["its point was never reached"]
    if found.status not in ORDERS or found.row["ended_at"] is None:  # rule 1
        return [f"stuck: it stands at {found.status}"]
    return [*_effects(found), *_log(rows, found), *_held(rows)]


def _effects(found: Found) -> list[str]:  # rule 2
    scenario, problems = found.cell.scenario, []
    allowed = {scenario.end, "failed_and_reverted", "reverted", "refused"}
    if found.status not in allowed:
        problems.append(f"it ended {found.status}")
    most = {"succeeded": 1, "refused": 0}.get(found.status, 2)
    if found.stops > most:
        problems.append(f"a second effect: {found.stops} stops, {found.status}")
    if found.cell.victim != "target" and found.status == scenario.end and found.stops < most:
        problems.append(f"an effect is missing: {found.stops} stops, {found.status}")
    link = "r9" if scenario.action == "rollback" and found.status == "succeeded" else "r10"
    if (found.link, found.release) != (link, link):
        problems.append(f"the link is at {found.link} and {found.release} answers: {link} should")
    return problems


def _log(rows: Rows, found: Found) -> list[str]:  # rules 3 and 4
    run = found.row["execution_id"]
    query = """
        SELECT body::jsonb ->> 'action' AS action
        FROM audit_entry
        WHERE body::jsonb ->> '{}' = %s
        ORDER BY xid, position
    """
    order = tuple(str(row["action"]) for row in rows(query.format("object"), f"execution/{run}"))
    problems = (
        [] if order == (*ORDERS[found.status], *_LEARNED * (found.status != "refused")) else [f"the log has {order}"]
    )
    if found.stops and "execution.applying" not in order:
        problems.append("something was done that the log does not say")
    steps = Counter(str(row["step"]) for row in rows("SELECT step FROM execution_step WHERE execution_id = %s", run))
    problems += [
        f"{step}: {steps[step]} rows, {order.count(action)} records"
        for step, action in _RECORDS.items()
        if steps[step] != order.count(action)
    ]
    if (approval := found.row["approval_id"]) is not None:
        asked = [str(row["action"]) for row in rows(query.format("object"), f"approval/{approval}")]
        expected = list(_APPROVAL if "execution.applying" in order else _APPROVAL[:2])
        problems += [] if asked == expected else [f"the approval's log has {asked}"]
    return problems


def _held(rows: Rows) -> list[str]:  # rule 5
    query = """
        SELECT held.component FROM target_hold AS held JOIN execution AS run USING (tenant, execution_id)
        WHERE run.ended_at IS NOT NULL
    """
    return [f"{row['component']} is held by a run that has ended" for row in rows(query)]
