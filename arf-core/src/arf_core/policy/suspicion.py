# SPDX-License-Identifier: Apache-2.0
"""What loads and is probably not meant: conditions that decide nothing, wrong units, rules that never speak."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from arf_core.policy.condition import COMPARISONS, Condition
from arf_core.policy.document import Place
from arf_core.policy.edges import SHARES
from arf_core.policy.syntax import Token, tokens_of
from arf_core.policy.truth import constant_truth, follows

FEW_MS: Final = 10.0
"""A latency compared with less than this many milliseconds was probably given in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A rule without errors: what the warnings look at. ``at`` gives the place of a character of the condition."""

    name: str
    place: Place
    actions: tuple[str, ...]
    cooldown_s: float
    cooldown_at: Place
    priority: int = 0
    condition: Condition | None = None
    at: Callable[[int], str] = str


def suspicions(rules: Sequence[Checked]) -> Iterator[tuple[str, str]]:
    """The codes and messages of the warnings about ``rules``, which are in the order of the file."""
    for rule in rules:
        if rule.cooldown_s == 0:
            yield "P206", f"{rule.cooldown_at}: {rule.name} has no cooldown: every message recommends anew"
        if rule.condition is not None:
            yield from _of_condition(rule, rule.condition)
    yield from _shadowed([rule for rule in rules if rule.condition is not None])


def _of_condition(rule: Checked, condition: Condition) -> Iterator[tuple[str, str]]:
    units = tuple(_of_units(rule, condition))
    yield from units
    truth = constant_truth(condition)
    if truth is False and not units:
        yield "P201", f"{rule.at(0)}: ‘{condition.text}’ is never true: nothing that can be measured makes it so"
    elif truth is True:
        reported = f", wherever {' and '.join(condition.needs)} is known" if condition.needs else ""
        yield "P202", f"{rule.at(0)}: ‘{condition.text}’ is always true{reported}: a fallback says that better"


def _of_units(rule: Checked, condition: Condition) -> Iterator[tuple[str, str]]:
    for name, token in _compared(tokens_of(condition)):
        number = float(token.text)
        if name in (*SHARES, "score") and number > 1:
            meant = f": write {number / 100:g} for {number:g} %" if number <= 100 else ""
            yield "P204", f"{rule.at(token.start)}: {name} is a share from 0 to 1, never {number:g}{meant}"
        if name == "latency_p99" and 0 < number < FEW_MS:
            words = (
                f"latency_p99 is in milliseconds, {number:g} ms is very short: write {number * 1000:g} for {number:g} s"
            )
            yield "P205", f"{rule.at(token.start)}: {words}"


def _compared(tokens: Sequence[Token]) -> Iterator[tuple[str, Token]]:
    """Each name that is compared with a number, and the number."""
    for place, token in enumerate(tokens):
        if token.text in COMPARISONS and 0 < place < len(tokens) - 1:
            sides = tokens[place - 1], tokens[place + 1]
            if sides[0].kind == "name" and sides[1].kind == "number":
                yield sides[0].text, sides[1]
            elif sides[0].kind == "number" and sides[1].kind == "name":
                after = tokens[place + 3] if sides[1].text == "metrics" and place + 3 < len(tokens) else sides[1]
                yield after.text, sides[0]


def _shadowed(policies: Sequence[Checked]) -> Iterator[tuple[str, str]]:
    ordered = sorted(policies, key=lambda policy: policy.priority)
    for place, later in enumerate(ordered):
        for earlier in ordered[:place]:
            if set(later.actions) <= set(earlier.actions) and _speaks_where(earlier, later):
                first = f"{earlier.name} (line {earlier.place.line}) is tried first, is true wherever this is"
                words = f"{first}, and has its actions: {later.name} speaks only while that one rests"
                yield "P203", f"{later.place}: {words}"
                break


def _speaks_where(earlier: Checked, later: Checked) -> bool:
    if earlier.condition is None or later.condition is None:
        return False
    return follows(earlier.condition, later.condition)
