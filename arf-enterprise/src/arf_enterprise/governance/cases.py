# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""A table of cases for a policy: what is asked, and what must become of it.

::

    schema: arf.governance-cases/1
    defaults: {tier: 3, confidence: 0.9, instances: 1, share: 0.5, dependents: 0, reversible: true}
    cases:
      - name: a restart in staging runs by itself
        asked: {action: restart_container, component: web, environment: staging, success_lower: 0.9, outcomes: 50}
        at: 2026-01-07T12:00:00Z
        ran: 2                  # of the same action, component and environment, a minute before
        expect: autonomous
        code: null              # of a denial
        because: restarts       # the name of what decided
        quorum: 1

``name``, ``asked`` and ``expect`` must be there. ``wished`` is autonomous and ``at`` is :data:`USUAL` unless said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, cast

from arf_core.errors import PolicyError
from arf_core.models.frozen import thaw
from arf_core.policy.document import Entry, Node, describe, read_document
from arf_core.policy.fields import name_of, whole_of
from arf_core.policy.parts import schema_of
from arf_enterprise.governance.gate import Ran, Situation, rule_on
from arf_enterprise.governance.policy import GovernancePolicy
from arf_enterprise.governance.reading import Form, rung_of
from arf_enterprise.governance.requests import OPTIONAL, REQUIRED, facts_in, moment_in
from arf_enterprise.governance.ruling import Ruling, Rung

SCHEMA: Final = "arf.governance-cases/1"
USUAL: Final = datetime(2026, 1, 7, 12, tzinfo=UTC)
"""A Wednesday at noon."""
MOST_CASES: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case; what is None is not looked at."""

    name: str
    place: str
    situation: Situation
    expect: Rung
    code: str | None
    because: str | None
    quorum: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of a case, and what is not as expected; empty if all is."""

    case: Case
    ruling: Ruling
    differs: tuple[str, ...]

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "name": self.case.name,
            "place": self.case.place,
            "passed": not self.differs,
            "differs": list(self.differs),
            "ruling": thaw(self.ruling.document()),
        }


def read_cases(text: str, *, file: str) -> tuple[Case, ...]:
    """The cases in ``text``.

    Raises:
        PolicyError: the first mistake, with its place.
    """
    problems: list[str] = []
    node = read_document(text, file=file)
    root = Form(node, what="a file of cases", required=("schema", "cases"), optional=("defaults",), problems=problems)
    root.take("schema", schema_of(SCHEMA), SCHEMA)
    none: Mapping[str, Entry] = {}
    defaults = root.take("defaults", _entries, none)
    cases = root.many("cases", lambda item, found: _case(item, found, defaults), most=MOST_CASES)
    for problem in problems:
        raise PolicyError(problem)
    return cases


def try_out(policy: GovernancePolicy, case: Case) -> Tried:
    """What ``policy`` makes of ``case``."""
    ruling = rule_on(policy, case.situation)
    pairs = (
        ("the rung", ruling.rung.label, case.expect.label),
        ("the code", ruling.code, case.code),
        ("what decided", ruling.reasons[0].rule, case.because),
        ("the quorum", ruling.quorum, case.quorum),
    )
    differs = tuple(f"{what} is {found}, not {wanted}" for what, found, wanted in pairs if wanted not in {None, found})
    return Tried(case=case, ruling=ruling, differs=differs)


def _case(node: Node, problems: list[str], defaults: Mapping[str, Entry]) -> Case:
    optional = ("wished", "at", "ran", "code", "because", "quorum")
    form = Form(node, what="a case", required=("name", "asked", "expect"), optional=optional, problems=problems)
    facts = facts_in(form.take("asked", lambda asked: _with(asked, defaults), node), problems)
    now = form.take("at", moment_in, USUAL)
    ran = Ran(
        action=facts.action.value,
        component=facts.component,
        environment=facts.environment,
        at=now - timedelta(minutes=1),
    )
    count = form.take("ran", whole_of("ran", least=0, most=100_000), 0)
    wished = form.take("wished", rung_of("wished"), Rung.AUTONOMOUS)
    return Case(
        name=form.take("name", name_of, ""),
        place=form.line,
        situation=Situation(facts=facts, wished=wished, now=now, recent=(ran,) * count),
        expect=form.take("expect", rung_of("expect"), Rung.DENY),
        code=form.take("code", _text, None),
        because=form.take("because", _text, None),
        quorum=form.take("quorum", whole_of("quorum", least=1, most=100), 0) or None,
    )


def _entries(node: Node) -> Mapping[str, Entry]:
    if not isinstance(node.value, Mapping):
        raise PolicyError(f"{node.place}: defaults are {describe(node)}: they must be a mapping")
    if unknown := sorted(set(node.value) - {*REQUIRED, *OPTIONAL}):
        raise PolicyError(f"{node.value[unknown[0]].place}: {unknown[0]!r} is nothing that can be asked")
    return cast("Mapping[str, Entry]", node.value)


def _with(node: Node, defaults: Mapping[str, Entry]) -> Node:
    """``asked`` with what it leaves out."""
    if not isinstance(node.value, Mapping):
        return node
    return Node(value={**defaults, **node.value}, place=node.place)


def _text(node: Node) -> str | None:
    if node.value is not None and not isinstance(node.value, str):
        raise PolicyError(f"{node.place}: this is {describe(node)}: it must be a text")
    return node.value
