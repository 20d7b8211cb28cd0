# SPDX-License-Identifier: Apache-2.0
"""What the kills found, as a page: docs/crash-matrix.md."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from crash_runs.cells import SCENARIOS, VICTIMS, Scenario
from crash_runs.judge import Found

HEAD: Final = """\
# What a crash does to a run

Written by `{command}` on {date}, on {machine}; do not edit.

A real server, a real Postgres and a real service under a real supervisord are killed with `kill -9`, one at a time, at
every point of a run: {kills} kills, {each} for each victim and point. The point is exact: the process that is about to
commit, or has just done something to the target, stands still there until the victim is dead. A dead server stays dead,
and another one takes its run up; Postgres and the target are started again.

After each kill this was looked at: the run has ended, and every record of it is there once and in order; nothing was
done that the log does not say; the service was stopped at most once for the change and once for undoing it, and runs
the release that the link names; rows and log agree; no target is held by a run that has ended; the servers end when
they are asked to. At the end the whole log is exported and verified with `arf verify`.

| looked for | found |
|---|---|
| kills | {kills} |
| second effects | {second} |
| records lost, doubled or out of order | {records} |
| runs that did not end | {stuck} |
| anything else amiss | {other} |
| logs exported and verified | {logs} |
| from the kill to the end of the run, health window included | median {median:.1f} s, longest {longest:.1f} s |
| a dead server's run is taken up by another one, with the product's own times, its start included | {adopted} |

In the table `3 succeeded` says how three runs ended that were interrupted there. *failed_and_reverted*: it stopped half
way, and was undone. *refused*: nothing had been done, and what was planned no longer fitted.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """One kill, as lanes report it: a line of JSON."""

    scenario: str
    point: str
    victim: str
    status: str
    took_s: float
    amiss: tuple[str, ...]

    @classmethod
    def of(cls, found: Found) -> Kill:
        """Of what was found."""
        cell = found.cell
        return cls(
            scenario=cell.scenario.name, point=cell.point, victim=cell.victim, status=found.status,
            took_s=found.took_s, amiss=found.amiss,
        )  # fmt: skip

    @classmethod
    def read(cls, line: str) -> Kill:
        """From its line."""
        found: Mapping[str, object] = json.loads(line)
        return cls(**{**found, "amiss": tuple(found["amiss"])})  # type: ignore[arg-type]  # as line wrote it

    def line(self) -> str:
        """As a line."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the page says about the run: the command, the machine, the date, the figures that are not of a kill."""

    command: str
    machine: str
    date: str
    each: int
    adopted_s: Sequence[float]
    logs: int


def page(kills: Sequence[Kill], about: About) -> str:
    """The page."""
    problems = [problem for kill in kills for problem in kill.amiss]
    second = [one for one in problems if "second effect" in one]
    stuck = [one for one in problems if "stuck" in one]
    records = [one for one in problems if "log" in one or "records" in one]
    took = [kill.took_s for kill in kills]
    head = HEAD.format(
        command=about.command, date=about.date, machine=about.machine, each=about.each, kills=len(kills),
        second=len(second), records=len(records), stuck=len(stuck), logs=about.logs,
        other=len(problems) - len(second) - len(records) - len(stuck), median=median(took), longest=max(took),
        adopted=", ".join(f"{one:.1f} s" for one in about.adopted_s),
    )  # fmt: skip
    return head + "".join(_table(scenario, kills) for scenario in SCENARIOS)


def _table(scenario: Scenario, kills: Iterable[Kill]) -> str:
    ends: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for kill in kills:
        if kill.scenario == scenario.name:
            ends[kill.point][kill.victim][kill.status] += 1
    points = (point for point in scenario.points if point in ends)
    lines = [f"| {point} | {' | '.join(_ends(ends[point][victim]) for victim in VICTIMS)} |" for point in points]
    rule = "|---" * (1 + len(VICTIMS))
    return "\n".join(
        ("", f"## {scenario.name.capitalize()}", "", f"| killed at | {' | '.join(VICTIMS)} |", f"{rule}|", *lines, "")
    )


def _ends(found: Counter[str]) -> str:
    return ", ".join(f"{number} {status}" for status, number in found.most_common())
