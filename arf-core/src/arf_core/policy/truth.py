# SPDX-License-Identifier: Apache-2.0
"""Whether a condition can be true at all, can be false at all, and follows from another.

1. A condition that only compares names with literals has the same value between two neighbouring numbers of it. So
   trying every number, its neighbours among doubles and the ends of what can be measured, in every combination, decides
   it. Conditions that calculate, compare two names or look into strings are left undecided, and so are those with more
   than :data:`MOST` combinations.
2. A metric that is named bare is taken to be reported, one that is asked for with ``has`` may be missing.
3. One plain conjunction follows from another if each of its comparisons follows from one of the other's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import chain, combinations, product
from typing import Final

from arf_core.models.signal import Severity, SignalKind
from arf_core.policy.condition import COMPARISONS, Clause, Condition, Facts, context_of, evaluate, names_in
from arf_core.policy.edges import SHARES, numbers_in
from arf_core.policy.syntax import Token, tokens_of

MOST: Final = 1000
"""The most combinations that are tried."""

MOST_STRINGS: Final = 8
"""The most strings of a condition: every set of them is one value of ``words``."""

_MISSING: Final = object()


def constant_truth(condition: Condition) -> bool | None:
    """True if ``condition`` is true of all that can be measured, False if of nothing, None if neither is known."""
    tokens = tokens_of(condition)
    if not _only_compares(tokens):
        return None
    if sum(token.kind == "string" for token in tokens) > MOST_STRINGS:
        return None
    choices = _choices(condition, tokens)
    if math.prod(map(len, choices.values())) > MOST:
        return None
    outcomes: set[bool] = set()
    for values in product(*choices.values()):
        outcomes.add(_is_true(condition, dict(zip(choices, values, strict=True))))
        if len(outcomes) > 1:
            return None
    return outcomes.pop()


def follows(condition: Condition, other: Condition) -> bool:
    """Whether ``condition`` is true wherever ``other`` is: certainly; False where that is not known."""
    if condition.normal == other.normal:
        return True
    if not condition.clauses or not other.clauses:
        return False
    return all(any(_clause_follows(mine, theirs) for theirs in other.clauses) for mine in condition.clauses)


_CALCULATES: Final = frozenset("+ - * / ? :".split())
_METHODS: Final = frozenset(("contains", "startsWith", "endsWith", "size"))


def _only_compares(tokens: Sequence[Token]) -> bool:
    if any(token.text in _CALCULATES or (token.kind == "name" and token.text in _METHODS) for token in tokens):
        return False
    if any(token.kind == "string" and "\\" in token.text for token in tokens):
        return False  # an escape: the text of the token is not the string
    sides = (
        (tokens[place - 1], tokens[place + 1])
        for place, token in enumerate(tokens)
        if token.kind == "operator" and token.text in COMPARISONS
    )
    literal = {"number", "string"}
    asked = [(tokens[place - 1], tokens[place + 1]) for place, token in enumerate(tokens) if token.text == "in"]
    return all(literal & {left.kind, right.kind} for left, right in sides) and all(
        left.kind == "string" or right.text == "[" for left, right in asked
    )


def _choices(condition: Condition, tokens: Sequence[Token]) -> dict[str, Sequence[object]]:
    strings = tuple(dict.fromkeys(token.text[1:-1] for token in tokens if token.kind == "string"))
    numbers = numbers_in(condition)
    found: dict[str, Sequence[object]] = {}
    for name in sorted({*condition.needs, *condition.asks}):
        found[name] = _values(name, numbers, strings)
        if name in condition.asks and name not in condition.needs:
            found[name] = (*found[name], _MISSING)
    return found


def _values(name: str, numbers: Sequence[float], strings: tuple[str, ...]) -> Sequence[object]:
    match name:
        case "severity":
            return [severity.value for severity in Severity]
        case "kind":
            return [kind.value for kind in SignalKind]
        case "component":
            return (*strings, "".join(strings) + "-another")
        case "words":
            return [list(some) for some in _subsets(strings)]
        case _:
            most = 1.0 if name in (*SHARES, "score") else math.inf
            return _around(numbers, most)


def _around(numbers: Iterable[float], most: float) -> list[float]:
    near = chain.from_iterable((math.nextafter(one, -1), one, math.nextafter(one, math.inf)) for one in numbers)
    inside = {one for one in near if 0.0 <= one <= most}
    return sorted(inside | {0.0, 1.0 if most == 1.0 else 1e12})


def _subsets(strings: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    return chain.from_iterable(combinations(strings, size) for size in range(len(strings) + 1))


def _is_true(condition: Condition, values: dict[str, object]) -> bool:
    known = {name: value for name, value in values.items() if value is not _MISSING}
    facts = Facts(values=known, context=context_of(known, names_in([condition])))
    return evaluate(condition, facts).applies


def _clause_follows(mine: Clause, theirs: Clause) -> bool:
    """Whether ``mine`` is true wherever ``theirs`` is: tried at the numbers of both and their neighbours."""
    if mine.name != theirs.name:
        return False
    most = 1.0 if mine.name in (*SHARES, "score") else math.inf
    tried = _around((float(mine.number), float(theirs.number)), most)
    return all(_holds(mine, value) for value in tried if _holds(theirs, value))


def _holds(clause: Clause, value: float) -> bool:
    return COMPARISONS[clause.operator](value, float(clause.number))
