# SPDX-License-Identifier: Apache-2.0
"""Conditions: CEL over what is known of one component.

A condition can name:

- the canonical metrics ``latency_p99``, ``error_rate``, ``throughput``, ``cpu_util``, ``memory_util``, as doubles;
- ``metrics.latency_p99`` and so on: the same, to be asked for with ``has(metrics.latency_p99) && …``;
- ``severity``, ``kind`` and ``component``, as strings: ``"critical"``, ``"latency"``, ``"checkout-api"``;
- ``score``: how abnormal it is, from 0 to 1;
- ``words``: the words of its alerts, a list of strings.

1. Names, operators and functions are checked when the file is loaded, and the condition is tried on made readings: what
   mixes types or is not true or false is refused there, with its place (``policy.syntax``).
2. A variable named bare must be known, whatever the rest of the condition says: otherwise the condition does not apply.
   A metric that was not reported never counts as 0.
3. ``metrics.NAME`` may be missing: ``has(metrics.NAME)`` asks. A comparison with a missing one is unknown, and the
   condition applies only if it is true whatever the unknown value is (CEL: ``unknown || true`` is true, ``unknown &&
   false`` is false).
4. Every failure of an evaluation means: does not apply; the reason is kept.
5. There are no loops (``all``, ``exists``, ``map``…): the time a condition takes is bounded by its length.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeGuard

from arf_core.models.event import METRICS
from arf_core.models.frozen import shown

if TYPE_CHECKING:
    import cel

VARIABLES: Final = (*METRICS, "severity", "kind", "score", "component", "words")
"""The names a condition can use, besides ``metrics.NAME``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What conditions of one kind can name: ``variables`` bare, and ``members`` of the map ``group``.

    ``readings`` are values by name to try a condition on when it is loaded, so many that every side of most conditions
    is reached.
    """

    variables: tuple[str, ...]
    group: str
    members: tuple[str, ...]
    readings: tuple[Mapping[str, object], ...]


def _reading(number: float, severity: str, kind: str, words: list[str], *, reported: bool = True) -> dict[str, object]:
    metrics = dict.fromkeys(METRICS, number)
    rest = {"severity": severity, "kind": kind, "score": number, "component": "a", "words": words}
    return {**metrics, **rest, "metrics": metrics if reported else {}}


HEALING: Final = Vocabulary(
    variables=VARIABLES,
    group="metrics",
    members=METRICS,
    readings=(  # low, middle, high and missing
        _reading(0.0, "info", "other", []),
        _reading(0.5, "warning", "cpu", ["cpu"]),
        _reading(1e6, "critical", "latency", ["latency", "high"]),
        _reading(1e6, "critical", "latency", ["latency", "high"], reported=False),
    ),
)
"""What the conditions of healing policies can name: what stands at the top of this module."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One ``name operator number`` of a conjunction: only for words about it, CEL decides."""

    name: str
    operator: str
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A checked condition.

    ``normal`` is the text with one space between any two tokens; ``needs`` are the variables it names bare, ``asks``
    the metrics it reads as ``metrics.NAME``, both sorted; ``clauses`` are its comparisons if it is a plain conjunction
    of them, otherwise empty.
    """

    text: str
    normal: str
    needs: tuple[str, ...]
    asks: tuple[str, ...]
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Facts:
    """What is known of one component: ``values`` by the names of :data:`VARIABLES`, unknown ones left out.

    ``context`` holds those that the conditions at hand can name, as CEL reads them.
    """

    values: Mapping[str, object]
    context: cel.Context


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What became of a condition: ``outcome`` is True, False, or the reason why it cannot be decided."""

    condition: Condition
    facts: Facts
    outcome: bool | str

    @property
    def applies(self) -> bool:
        """Whether the condition is true."""
        return self.outcome is True

    @property
    def because(self) -> str:
        """The values that decided it, in words."""
        if isinstance(self.outcome, str):
            return self.outcome
        words = _because_true if self.outcome else _because_false
        return words(self.condition, self.facts)


def facts_of(measured: Sequence[Mapping[str, object]], others: Mapping[str, object], *, names: Sequence[str]) -> Facts:
    """Facts for conditions that use ``names``: the metrics ``measured`` and the ``others`` (severity, kind…).

    A metric's value is that of the first mapping that has it; what is not a finite number was not reported.
    """
    values = dict(others)
    for name in METRICS:
        for mapping in measured:
            if _is_number(value := mapping.get(name)):
                values[name] = float(value)
                break
    return Facts(values=values, context=context_of(values, names))


def names_in(conditions: Iterable[Condition]) -> tuple[str, ...]:
    """Every variable that the conditions use, ``metrics`` among them if one reads ``metrics.NAME``, sorted."""
    found: set[str] = set()
    for condition in conditions:
        found.update(condition.needs, ("metrics",) if condition.asks else ())
    return tuple(sorted(found))


def evaluate(condition: Condition, facts: Facts) -> Verdict:
    """What becomes of ``condition`` with ``facts`` (rules 2 to 4 above)."""
    for name in condition.needs:
        if name not in facts.values:
            return Verdict(condition, facts, f"{name} was not reported")
    try:
        outcome = program_of(condition.text).execute(facts.context)
    except FAILURES as error:
        return Verdict(condition, facts, _failure(condition, facts, error))
    return Verdict(condition, facts, outcome is True)


FAILURES: Final = (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)
"""Every exception that evaluating CEL is known to raise."""


@lru_cache(maxsize=1024)
def program_of(text: str) -> cel.Program:
    """The compiled condition. Raises one of :data:`FAILURES` if it does not parse."""
    import cel

    return cel.compile(text)


def context_of(values: Mapping[str, object], names: Sequence[str]) -> cel.Context:
    """Those of ``values`` that ``names`` has, as CEL reads them; ``metrics`` is the map of the metrics among them."""
    import cel

    known = {name: values[name] for name in names if name in values}
    if "metrics" in names and "metrics" not in known:
        known["metrics"] = {name: values[name] for name in METRICS if name in values}
    return cel.Context(known)


def _is_number(value: object) -> TypeGuard[float]:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53


def _failure(condition: Condition, facts: Facts, error: Exception) -> str:
    if isinstance(error, KeyError) and (missing := [name for name in condition.asks if name not in facts.values]):
        return f"{' and '.join(missing)} {'was' if len(missing) == 1 else 'were'} not reported"
    return f"‘{condition.text}’ cannot be decided: {str(error).splitlines()[0]}"


def _because_true(condition: Condition, facts: Facts) -> str:
    if not condition.clauses:
        return f"‘{condition.text}’ is true: {_values(condition, facts)}"
    return " and ".join(
        f"{clause.name} is {_shown(facts.values[clause.name])} ({clause.operator} {clause.number})"
        for clause in condition.clauses
    )


def _because_false(condition: Condition, facts: Facts) -> str:
    for clause in condition.clauses:
        value = facts.values[clause.name]
        if isinstance(value, float) and not COMPARISONS[clause.operator](value, float(clause.number)):
            return f"{clause.name} is {_shown(value)}, not {clause.operator} {clause.number}"
    return f"‘{condition.text}’ is false: {_values(condition, facts)}"


def _values(condition: Condition, facts: Facts) -> str:
    names = sorted({*condition.needs, *condition.asks})
    known = (f"{name} is {_shown(facts.values[name])}" for name in names if name in facts.values)
    missing = (f"{name} was not reported" for name in names if name not in facts.values)
    return ", ".join((*known, *missing)) or "it names nothing that was measured"


def _shown(value: object) -> str:
    return repr(value).removesuffix(".0") if isinstance(value, float) else shown(value)


COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    "==": lambda value, bound: value == bound,
    "!=": lambda value, bound: value != bound,
}
