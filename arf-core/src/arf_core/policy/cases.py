# SPDX-License-Identifier: Apache-2.0
"""A table of cases: what is given, and what a policy file should recommend then.

::

    schema: arf.healing-policy-cases/1
    cases:
      - name: a slow service is restarted first
        given:
          component: checkout-api              # optional
          metrics: {latency_p99: 900}          # the reading
          kind: latency                        # optional: of the root cause's dominant signal
          severity: critical                   # optional: info, warning or critical
          score: 0.9                           # optional: how abnormal, from 0 to 1
          words: [oom]                         # optional: the words of its alerts
          baseline: true                       # optional: the diagnosis measured against a baseline
          remembered:                          # optional: what memory recalls
            - {action: rollback, outcome: healed, similarity: 0.9}
          used:                                # optional: rules that were used here before
            - {rule: very-slow, ago_s: 60}
        expect:                                # one of these at least
          actions: [restart_container, alert_team]   # all, in order; [] for none
          first: restart_container
          refused: {rollback: mostly-failing}  # the rule that stops each; null for any
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, cast

from arf_core.errors import InputError, PolicyError
from arf_core.models.action import Action
from arf_core.models.event import METRICS, checked_name
from arf_core.models.incident import Outcome
from arf_core.models.signal import Severity, SignalKind
from arf_core.policy.document import Node, Place, describe, read_document
from arf_core.policy.edges import MOST, SHARES
from arf_core.policy.fields import Section, items_of, member_of, name_of, number_of
from arf_core.policy.parts import ACTION, KIND, MOST_COOLDOWN_S, Part, schema_of

SCHEMA: Final = "arf.healing-policy-cases/1"
MAX_CASES: Final = 1000
MAX_WORDS: Final = 64
COMPONENT: Final = "some-component"
"""The component of a case that names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """An incident that memory recalls: what was done then, how it ended, and how similar it is (from 0 to 1)."""

    action: Action
    outcome: Outcome = Outcome.HEALED
    similarity: float = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A rule that was used for the component ``ago_s`` seconds before."""

    rule: str
    ago_s: float
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What is known of the component. What is None is what the default thresholds make of the ``metrics``."""

    component: str = COMPONENT
    metrics: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    kind: SignalKind | None = None
    severity: Severity | None = None
    score: float | None = None
    words: tuple[str, ...] = ()
    baseline: bool = False
    remembered: tuple[Recalled, ...] = ()
    used: tuple[Used, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What should be recommended: ``actions`` in order, the ``first``, and which rule refuses what (None: any)."""

    actions: tuple[Action, ...] | None = None
    first: Action | None = None
    refused: Mapping[Action, str | None] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case and where it stands."""

    name: str
    place: Place
    given: Given
    expected: Expected


ROOT: Final = Part(what="a file of cases", keys=("schema", "cases"), optional=())
CASE: Final = Part(what="a case", keys=("name", "given", "expect"), optional=())
GIVEN: Final = Part(
    what="given",
    keys=("component", "metrics", "kind", "severity", "score", "words", "baseline", "remembered", "used"),
    optional=("component", "metrics", "kind", "severity", "score", "words", "baseline", "remembered", "used"),
)
EXPECT: Final = Part(what="expect", keys=("actions", "first", "refused"), optional=("actions", "first", "refused"))
RECALLED: Final = Part(
    what="a remembered incident", keys=("action", "outcome", "similarity"), optional=("outcome", "similarity")
)
USED: Final = Part(what="a use of a rule", keys=("rule", "ago_s"), optional=())


def read_cases(text: str, *, file: str) -> tuple[Case, ...]:
    """The cases in ``text``; ``file`` is the name to use in messages.

    Raises:
        PolicyError: the file breaks a rule of the format above; the message starts with ``file:line:column``.
    """
    root = ROOT.section(read_document(text, file=file))
    root.take("schema", schema_of(SCHEMA))
    cases = root.take("cases", lambda node: tuple(map(_case, items_of(node, what="cases", most=MAX_CASES))))
    seen: dict[str, int] = {}
    for case in cases:
        if case.name in seen:
            raise PolicyError(f"{case.place}: the name {case.name!r} is taken: see line {seen[case.name]}")
        seen[case.name] = case.place.line
    return cases


def _case(node: Node) -> Case:
    section = CASE.section(node)
    return Case(
        name=section.take("name", name_of),
        place=node.place,
        given=section.take("given", _given),
        expected=section.take("expect", _expected),
    )


def _given(node: Node) -> Given:
    section = GIVEN.section(node)
    readers = {
        "component": _component,
        "metrics": _metrics,
        "kind": KIND,
        "severity": member_of(Severity, what="severity"),
        "score": number_of("score", least=0, most=1),
        "words": _words,
        "baseline": _flag,
        "remembered": lambda inner: tuple(map(_recalled, items_of(inner, what="remembered", most=MAX_CASES))),
        "used": lambda inner: tuple(map(_used, items_of(inner, what="used", most=MAX_CASES))),
    }
    return Given(**{key: section.take(key, read) for key, read in readers.items() if key in section})  # type: ignore[arg-type]


def _expected(node: Node) -> Expected:
    section = EXPECT.section(node)
    if not any(key in section for key in EXPECT.keys):
        raise PolicyError(f"{node.place}: expect is empty: it must have one of {', '.join(EXPECT.keys)}")
    return Expected(
        actions=section.take("actions", _actions) if "actions" in section else None,
        first=section.take("first", ACTION) if "first" in section else None,
        refused=section.take("refused", _refusals) if "refused" in section else MappingProxyType({}),
    )


def _actions(node: Node) -> tuple[Action, ...]:
    return () if node.value == () else tuple(map(ACTION, items_of(node, what="actions", most=len(Action))))


def _refusals(node: Node) -> Mapping[Action, str | None]:
    section = Section(node, what="refused", required=(), optional=tuple(Action))
    return {action: section.take(action, _rule_or_any) for action in Action if action in section}


def _rule_or_any(node: Node) -> str | None:
    return None if node.value is None else name_of(node)


def _component(node: Node) -> str:
    try:
        return checked_name("component", node.value)
    except InputError as error:
        raise PolicyError(f"{node.place}: {error}") from error


def _metrics(node: Node) -> Mapping[str, float]:
    section = Section(node, what="metrics", required=(), optional=METRICS)
    readers = {name: number_of(name, least=0, most=1.0 if name in SHARES else MOST) for name in METRICS}
    return {name: float(section.take(name, read)) for name, read in readers.items() if name in section}


def _words(node: Node) -> tuple[str, ...]:
    found = items_of(node, what="words", most=MAX_WORDS)
    for word in found:
        if not isinstance(word.value, str) or not word.value:
            raise PolicyError(f"{word.place}: a word is {describe(word)}: it must be a text")
    return tuple(cast("str", word.value) for word in found)


def _flag(node: Node) -> bool:
    if not isinstance(node.value, bool):
        raise PolicyError(f"{node.place}: baseline is {describe(node)}: it must be true or false")
    return node.value


def _recalled(node: Node) -> Recalled:
    section = RECALLED.section(node)
    outcome, similarity = member_of(Outcome, what="outcome"), number_of("similarity", least=0, most=1)
    return Recalled(
        action=section.take("action", ACTION),
        outcome=section.take("outcome", outcome) if "outcome" in section else Outcome.HEALED,
        similarity=section.take("similarity", similarity) if "similarity" in section else 0.9,
    )


def _used(node: Node) -> Used:
    section = USED.section(node)
    ago = number_of("ago_s", least=0, most=MOST_COOLDOWN_S)
    return Used(rule=section.take("rule", name_of), ago_s=section.take("ago_s", ago), place=node.place)
