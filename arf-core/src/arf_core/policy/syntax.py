# SPDX-License-Identifier: Apache-2.0
"""From the text of a condition to a checked :class:`Condition`.

The text is split into tokens before CEL sees it, so that an unknown name or operator is reported at its own column.
What is read is a small part of CEL: comparisons, logic, arithmetic, ``in``, ``? :``, ``has``, ``size``, ``contains``,
``startsWith`` and ``endsWith``; no comments, comprehensions, maps, regular expressions or conversions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from arf_core.errors import PolicyError
from arf_core.models.event import METRICS
from arf_core.policy.condition import COMPARISONS, FAILURES, VARIABLES, Clause, Condition, context_of, program_of
from arf_core.policy.fields import nearest_name

MAX_CONDITION: Final = 1000
"""The longest condition, in characters."""


def compile_condition(text: str, *, at: Callable[[int], str]) -> Condition:
    """The condition in ``text``, checked; ``at`` gives the place of a character of it as ``file:line:column``.

    Raises:
        PolicyError: an unknown name, operator or function, a condition that does not parse, mixes types, or is not
            true or false.
    """
    if not text.strip():
        raise PolicyError(f"{at(0)}: the condition is empty: write one such as 'latency_p99 > 500'")
    if len(text) > MAX_CONDITION:
        raise PolicyError(f"{at(0)}: the condition has {len(text)} characters: at most {MAX_CONDITION} are allowed")
    tokens = _tokens(text)
    for complaint in (*_operator_complaints(tokens, at), *_name_complaints(tokens, at)):
        raise PolicyError(complaint)
    needs, asks = _names(tokens)
    _parse(text, at)
    condition = Condition(
        text=text,
        normal=" ".join(token.text for token in tokens),
        needs=needs,
        asks=asks,
        clauses=_clauses(tokens),
    )
    _try_out(condition, at)
    return condition


def complaints(text: str, *, at: Callable[[int], str]) -> tuple[str, ...]:
    """Everything that is wrong with the condition ``text``: of several operators and names, each one."""
    if len(text) <= MAX_CONDITION:
        tokens = _tokens(text)
        if found := (*_operator_complaints(tokens, at), *_name_complaints(tokens, at)):
            return found
    try:
        compile_condition(text, at=at)
    except PolicyError as error:
        return (str(error),)
    return ()


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a condition: its kind (string, number, name, operator, bracket), its text and where it starts."""

    kind: str
    text: str
    start: int


def tokens_of(condition: Condition) -> tuple[Token, ...]:
    """The pieces of a checked condition."""
    return _tokens(condition.text)


_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)
    |(?P<unread>'''|\"\"\"|//)
    |(?P<string>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")
    |(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    |(?P<name>[A-Za-z_]\w*)
    |(?P<operator>&&|\|\||!(?!=)|[<>=!&|]+|[-+*/?:])
    |(?P<bracket>[()\[\],.])
    |(?P<other>.)""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_OPERATORS: Final = frozenset("&& || ! < <= > >= == != + - * / ? :".split())
_INSTEAD: Final = {
    "=>": ">=", "=<": "<=", "≥": ">=", "≤": "<=", "=": "==", "===": "==", "<>": "!=", "!==": "!=", "≠": "!=",
    "&": "&&", "and": "&&", "AND": "&&", "|": "||", "or": "||", "OR": "||", "not": "!", "NOT": "!",
}  # fmt: skip
_WORDS: Final = frozenset(("true", "false", "in"))
_FUNCTIONS: Final = frozenset(("has", "size"))
_METHODS: Final = frozenset(("contains", "startsWith", "endsWith", "size"))


def _tokens(text: str) -> tuple[Token, ...]:
    found = (Token(str(piece.lastgroup), piece[0], piece.start()) for piece in _TOKEN.finditer(text))
    return tuple(token for token in found if token.kind != "space")


def _operator_complaints(tokens: tuple[Token, ...], at: Callable[[int], str]) -> Iterator[str]:
    for token in tokens:
        wrong = token.kind in {"unread", "other"} or (token.kind == "operator" and token.text not in _OPERATORS)
        if wrong or token.text in _INSTEAD:
            yield f"{at(token.start)}: ‘{token.text}’ is not an operator: {_expected(token.text)}"


def _expected(piece: str) -> str:
    if piece in _INSTEAD:
        return f"write ‘{_INSTEAD[piece]}’"
    return "the string has no end" if piece in {"'", '"'} else "known are && || ! < <= > >= == != + - * / in ? :"


def _names(tokens: tuple[Token, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The variables that are named bare, and the metrics that are read as ``metrics.NAME``."""
    named = tuple(_named(tokens))
    needs = {token.text for token, before, _ in named if _is_variable(token.text, before)}
    asks = {token.text for token, before, _ in named if _is_metric(token.text, before)}
    return tuple(sorted(needs)), tuple(sorted(asks))


def _name_complaints(tokens: tuple[Token, ...], at: Callable[[int], str]) -> Iterator[str]:
    for token, before, after in _named(tokens):
        known = _is_metric(token.text, before) or _is_variable(token.text, before)
        if not known and not _is_word(token.text, before, after) and token.text not in _INSTEAD:
            yield f"{at(token.start)}: {_unknown(token.text, before, after)}"


def _named(tokens: tuple[Token, ...]) -> Iterator[tuple[Token, tuple[str, ...], tuple[str, ...]]]:
    """Each name, with the texts of the two tokens before it and of the two after it."""
    texts = ("", "", *(token.text for token in tokens), "", "")
    for place, token in enumerate(tokens, start=2):
        if token.kind == "name":
            yield token, texts[place - 2 : place], texts[place + 1 : place + 3]


def _is_metric(name: str, before: tuple[str, ...]) -> bool:
    return before == ("metrics", ".") and name in METRICS


def _is_variable(name: str, before: tuple[str, ...]) -> bool:
    return before[1] != "." and name in VARIABLES


def _is_word(name: str, before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    if before[1] == ".":
        return name in _METHODS and after[0] == "(" and before[0] != "metrics"
    return name in _WORDS or (name in _FUNCTIONS and after[0] == "(") or (name == "metrics" and after[0] == ".")


def _unknown(name: str, before: tuple[str, ...], after: tuple[str, ...]) -> str:
    if before == ("metrics", "."):
        return f"metrics has no {name!r}: it has {', '.join(METRICS)}{nearest_name(name, METRICS)}"
    if name == "metrics":
        return "metrics is read one at a time: write metrics.latency_p99"
    if after[0] == "(":
        return f"the function {name!r} is not known here: known are {', '.join(sorted(_FUNCTIONS | _METHODS))}"
    return f"{name!r} is not known: a condition can name {', '.join(VARIABLES)}{nearest_name(name, VARIABLES)}"


def _clauses(tokens: tuple[Token, ...]) -> tuple[Clause, ...]:
    found = []
    for start in range(0, len(tokens), 4):
        part = tokens[start : start + 4]
        shape = tuple(token.kind for token in part[:3])
        joined = len(part) == 3 or (len(part) == 4 and part[3].text == "&&" and start + 4 < len(tokens))
        if shape != ("name", "operator", "number") or part[0].text not in VARIABLES or not joined:
            return ()
        if part[1].text not in COMPARISONS:
            return ()
        found.append(Clause(name=part[0].text, operator=part[1].text, number=part[2].text))
    return tuple(found)


_COMPLAINT: Final = re.compile(r"<input>:(\d+):(\d+): (?:Syntax error: )?([^\n]*)")


def _parse(text: str, at: Callable[[int], str]) -> None:
    try:
        program_of(text)
    except FAILURES as error:
        found = _COMPLAINT.search(str(error))
        offset = _offset(text, int(found[1]), int(found[2])) if found else 0
        wrong = found[3].split(" expecting ")[0] if found else "it cannot be parsed"
        wrong = "it is nested too deep" if "Recursion limit" in wrong else wrong
        raise PolicyError(f"{at(offset)}: the condition ‘{text}’ is not CEL: {wrong}") from error


def _offset(text: str, line: int, column: int) -> int:
    return sum(len(part) + 1 for part in text.split("\n")[: line - 1]) + column - 1


def _reading(number: float, severity: str, kind: str, words: list[str], *, reported: bool = True) -> dict[str, object]:
    metrics = dict.fromkeys(METRICS, number)
    rest = {"severity": severity, "kind": kind, "score": number, "component": "a", "words": words}
    return {**metrics, **rest, "metrics": metrics if reported else {}}


_READINGS: Final = (
    _reading(0.0, "info", "other", []),
    _reading(0.5, "warning", "cpu", ["cpu"]),
    _reading(1e6, "critical", "latency", ["latency", "high"]),
    _reading(1e6, "critical", "latency", ["latency", "high"], reported=False),
)
"""Readings to try a condition on: low, middle, high and missing, so that every side of most conditions is reached."""


def _try_out(condition: Condition, at: Callable[[int], str]) -> None:
    for reading in _READINGS:
        try:
            outcome = program_of(condition.text).execute(context_of(reading, tuple(reading)))
        except (TypeError, RuntimeError) as error:
            raise PolicyError(
                f"{at(0)}: the condition ‘{condition.text}’ mixes types: {str(error).split('. ')[0]}. "
                "Metrics are doubles: write numbers it calculates with as 2.0, not 2"
            ) from error
        except FAILURES:
            continue  # a division by zero, say: it depends on the values, and then the condition does not apply
        if not isinstance(outcome, bool):
            raise PolicyError(f"{at(0)}: the condition ‘{condition.text}’ is {outcome!r}: it must be true or false")
