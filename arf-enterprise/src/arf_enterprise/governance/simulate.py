# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What a policy would have made of what was asked before.

A record is one line of JSON::

    {"asked": {…}, "wished": "autonomous", "at": "2026-01-02T03:04:05Z", "was": "require_approval", "id": "exe_…"}

``asked`` is that of ``governance.requests``; ``wished``, ``was`` and ``id`` may be left out. Records are taken in the
order of their times. What the new policy lets run counts for its rates, as if it had run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from arf_core.errors import InputError
from arf_core.models.action import Action
from arf_core.policy.document import Node, Place, describe
from arf_core.strict_json import parse_json
from arf_enterprise.errors import RequestError
from arf_enterprise.governance.cases import USUAL
from arf_enterprise.governance.facts import Facts, Ran
from arf_enterprise.governance.gate import Situation, rule_on
from arf_enterprise.governance.reading import Form, rung_of
from arf_enterprise.governance.requests import facts_in, moment_in, node_of
from arf_enterprise.governance.rules import GovernancePolicy
from arf_enterprise.governance.ruling import Reason, Ruling, Rung

MOST_RECORDS: Final = 10_000
LONGEST: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One request of before; ``was`` is what became of it then, if that is known."""

    name: str
    facts: Facts
    wished: Rung
    at: datetime
    was: Rung | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A record, and what the policy would have made of it."""

    record: Record
    ruling: Ruling

    @property
    def differs(self) -> bool:
        """Whether it would have become something else."""
        return self.record.was is not None and self.record.was is not self.ruling.rung

    @property
    def was(self) -> str | None:
        """The label of what became of it then."""
        return None if self.record.was is None else self.record.was.label

    @property
    def because(self) -> Reason:
        """What decides now."""
        return self.ruling.reasons[0]

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "id": self.record.name,
            "was": self.was,
            "would_be": self.ruling.rung.label,
            "because": self.because.document(),
        }


def read_records(data: bytes, *, file: str) -> tuple[Record, ...]:
    """The records in ``data``, one a line, by their times.

    Raises:
        RequestError: a line that is none; the message has its number.
    """
    lines = data.split(b"\n")
    if len(lines) > MOST_RECORDS:
        raise RequestError(f"{file} has {len(lines)} lines: at most {MOST_RECORDS} are read")
    found = (
        _record(line, Place(file=file, line=number, column=1)) for number, line in enumerate(lines, 1) if line.strip()
    )
    return tuple(sorted(found, key=lambda record: record.at))


def record_of(value: object, place: Place) -> Record:
    """The record that a JSON value is.

    Raises:
        RequestError: it is none; the message has the first mistake.
    """
    problems: list[str] = []
    form = Form(node_of(value, place), what="a record", required=("asked",), optional=_OPTIONAL, problems=problems)
    record = Record(
        name=form.take("id", _text, f"line {place.line}"),
        facts=form.part("asked", facts_in, _NOBODY),
        wished=form.take("wished", rung_of("wished"), Rung.AUTONOMOUS),
        at=form.take("at", moment_in, USUAL),
        was=form.take("was", _rung, None),
    )
    for problem in problems:
        raise RequestError(problem)
    return record


def replay(policy: GovernancePolicy, records: Iterable[Record]) -> tuple[Replayed, ...]:
    """What ``policy`` would have made of ``records``, which are in the order of their times."""
    found: list[Replayed] = []
    ran: list[Ran] = []
    for record in records:
        ran = [one for one in ran if one.at > record.at - LONGEST]
        facts = record.facts
        ruling = rule_on(policy, Situation(facts=facts, wished=record.wished, now=record.at, recent=tuple(ran)))
        found.append(Replayed(record=record, ruling=ruling))
        if ruling.rung >= Rung.REQUIRE_APPROVAL:
            ran.append(Ran(action=facts.action, component=facts.component, environment=facts.environment, at=record.at))
    return tuple(found)


def counts(replayed: Sequence[Replayed]) -> dict[str, int]:
    """How many would have become what."""
    found = Counter(one.ruling.rung.label for one in replayed)
    return {rung.label: found[rung.label] for rung in Rung}


def _record(line: bytes, place: Place) -> Record:
    try:
        return record_of(parse_json(line, what=str(place)), place)
    except InputError as error:
        raise RequestError(str(error)) from error


def _text(node: Node) -> str:
    if not isinstance(node.value, str) or not 0 < len(node.value) <= 200:
        raise RequestError(f"{node.place}: an id is {describe(node)}: it must be a text of 1 to 200 characters")
    return node.value


def _rung(node: Node) -> Rung | None:
    return None if node.value is None else rung_of("was")(node)


_OPTIONAL: Final = ("wished", "at", "was", "id")
_NOBODY: Final = Facts(
    tenant="-",
    action=Action.ALERT_TEAM,
    component="-",
    environment="-",
    tier=1,
    owner="-",
    kind="-",
    confidence=0.0,
    requester_is_agent=True,
)
"""What stands for facts that are not there, in a record that is refused."""
