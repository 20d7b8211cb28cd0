# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Step 10: whether it helped, and whether anything got worse.

1. The target is asked for as long as its health plan says, beginning after the change. What is judged, and how, is
   ``execution.health``: the symptom is gone, nothing that was well got worse, the sick thing still exists, and all of
   it for a while.
2. A crash loses readings, never the verdict: whoever takes the run up asks anew, for long enough to tell.
3. What is not well when its time is over, or worse before that, is to be undone. So is what cannot be told.
4. That all is well is the run's end, and is written with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions.adapter import Adapter, Vitals
from arf_enterprise.errors import StoreError, TargetUnavailable
from arf_enterprise.execution import hold
from arf_enterprise.execution.decide import look
from arf_enterprise.execution.documents import reading_document, reading_of, target_of
from arf_enterprise.execution.health import Reading, Verdict, judge
from arf_enterprise.execution.line import Ticket
from arf_enterprise.execution.means import Later, Means, Next, record, way_of
from arf_enterprise.execution.refusing import DECIDED
from arf_enterprise.execution.run import Carried, Run, note
from arf_enterprise.execution.settle import end
from arf_enterprise.targets.target import Target

VERIFIED: Final = "verified"
_KEPT: Final = 20
"""How many of the last readings are kept as evidence."""


class Verify:
    """The step, for one run: each call looks once."""

    def __init__(self, means: Means, ticket: Ticket, carried: Carried) -> None:
        """Nothing is looked at yet; the window begins with the first look (rule 2)."""
        self._means, self._ticket = means, ticket
        self._begun: float | None = None
        self._run = carried.run
        self._readings: list[Reading] = []

    def __call__(self) -> Next:
        """What comes next: ``revert``, or ``end``: all is well.

        Raises:
            StoreError: the database does not answer: to be tried again.
            FenceLost: another server has taken the run up.
        """
        try:
            return self._looked()
        except StoreError:  # nobody looked while the database was away: the window begins anew (rule 2)
            self._begun = self._run = None
            self._readings.clear()
            raise

    def _looked(self) -> Next:
        means = self._means
        run = self._run = self._run or self._read()
        if run.ended_at is not None:
            return "end"
        if VERIFIED in run.steps:
            return str(run.steps[VERIFIED]["next"])
        target = target_of(run.step(DECIDED)["target"])  # type: ignore[arg-type]  # as Target.document made it
        if self._begun is None:
            self._begun = means.seconds()
            if target.health.settle_s > 0:
                return Later(target.health.settle_s)
        with means.reached(target, way_of(target, run)) as adapter:
            self._readings.append(_look(means, target, adapter, at_s=means.seconds() - self._begun))
        verdict = judge(target.health, reading_of(run.step(DECIDED)["baseline"]), self._readings)  # type: ignore[arg-type]
        if verdict.state == "waiting":
            return Later(target.health.interval_s)
        return _written(means, run, verdict, self._readings)

    def _read(self) -> Run:
        with self._means.database.transaction(self._ticket.tenant) as transaction:
            return hold.mine(transaction, self._ticket)


def _written(means: Means, run: Run, verdict: Verdict, readings: Sequence[Reading]) -> str:
    following = "keep" if verdict.state == "well" else "revert"  # rule 3
    now, says = means.clock(), list(verdict.says)
    kept = [reading_document(reading) for reading in readings[-_KEPT:]]
    found: dict[str, object] = {"next": following, "state": verdict.state, "says": says, "readings": kept}
    with means.database.transaction(run.tenant) as transaction:
        hold.still_mine(transaction, run)
        note(transaction, run, VERIFIED, found, now=now)
        details = {"state": verdict.state, "says": says, "readings": len(readings)}
        record(transaction, run, "execution.verified", now=now, details=details)
        if following == "keep":  # rule 4
            known = replace(run, steps={**run.steps, VERIFIED: FrozenMap(found)})
            end(transaction, known, following, now=now)
            following = "end"
    return following


def _look(means: Means, target: Target, adapter: Adapter, *, at_s: float) -> Reading:
    """How it is now; a target that does not answer says nothing of its vitals, which is never well."""
    try:
        return look(means, target, adapter, adapter.observe().vitals, at_s=at_s)
    except TargetUnavailable:
        answers = tuple((probe.name, means.ask(probe, None)) for probe in target.health.probes)
        return Reading(at_s=at_s, answers=answers, vitals=Vitals(exists=True, wanted=None, ready=0))
