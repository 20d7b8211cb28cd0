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
from arf_core.policy.condition import COMPARISONS, FAILURES, HEALING, Clause, Condition, Vocabulary, program_of
from arf_core.policy.fields import nearest_name

MAX_CONDITION: Final = 1000
"""The longest condition, in characters."""


def compile_condition(text: str, *, at: Callable[[int], str], vocabulary: Vocabulary = HEALING) -> Condition:
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
    for complaint in (*_operator_complaints(tokens, at), *_name_complaints(tokens, at, vocabulary)):
        raise PolicyError(complaint)
    needs, asks = _names(tokens, vocabulary)
    _parse(text, at)
    condition = Condition(
        text=text,
        normal=" ".join(token.text for token in tokens),
        needs=needs,
        asks=asks,
        clauses=_clauses(tokens, vocabulary),
    )
    _try_out(condition, at, vocabulary)
    return condition


def complaints(text: str, *, at: Callable[[int], str], vocabulary: Vocabulary = HEALING) -> tuple[str, ...]:
    """Everything that is wrong with the condition ``text``: of several operators and names, each one."""
    if len(text) <= MAX_CONDITION:
        tokens = _tokens(text)
        if found := (*_operator_complaints(tokens, at), *_name_complaints(tokens, at, vocabulary)):
            return found
    try:
        compile_condition(text, at=at, vocabulary=vocabulary)
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


def _names(tokens: tuple[Token, ...], vocabulary: Vocabulary) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The variables that are named bare, and the members that are read as ``metrics.NAME``."""
    named = tuple(_named(tokens))
    needs = {token.text for token, before, _ in named if _is_variable(token.text, before, vocabulary)}
    asks = {token.text for token, before, _ in named if _is_member(token.text, before, vocabulary)}
    return tuple(sorted(needs)), tuple(sorted(asks))


def _name_complaints(tokens: tuple[Token, ...], at: Callable[[int], str], vocabulary: Vocabulary) -> Iterator[str]:
    for token, before, after in _named(tokens):
        known = _is_member(token.text, before, vocabulary) or _is_variable(token.text, before, vocabulary)
        if not known and not _is_word(token.text, before, after, vocabulary) and token.text not in _INSTEAD:
            yield f"{at(token.start)}: {_unknown(token.text, before, after, vocabulary)}"


def _named(tokens: tuple[Token, ...]) -> Iterator[tuple[Token, tuple[str, ...], tuple[str, ...]]]:
    """Each name, with the texts of the two tokens before it and of the two after it."""
    texts = ("", "", *(token.text for token in tokens), "", "")
    for place, token in enumerate(tokens, start=2):
        if token.kind == "name":
            yield token, texts[place - 2 : place], texts[place + 1 : place + 3]


def _is_member(name: str, before: tuple[str, ...], vocabulary: Vocabulary) -> bool:
    return before == (vocabulary.group, ".") and name in vocabulary.members


def _is_variable(name: str, before: tuple[str, ...], vocabulary: Vocabulary) -> bool:
    return before[1] != "." and name in vocabulary.variables


def _is_word(name: str, before: tuple[str, ...], after: tuple[str, ...], vocabulary: Vocabulary) -> bool:
    if before[1] == ".":
        return name in _METHODS and after[0] == "(" and before[0] != vocabulary.group
    return name in _WORDS or (name in _FUNCTIONS and after[0] == "(") or (name == vocabulary.group and after[0] == ".")


def _unknown(name: str, before: tuple[str, ...], after: tuple[str, ...], vocabulary: Vocabulary) -> str:
    group, members, variables = vocabulary.group, vocabulary.members, vocabulary.variables
    if before == (group, "."):
        return f"{group} has no {name!r}: it has {', '.join(members)}{nearest_name(name, members)}"
    if name == group:
        return f"{group} is read one at a time: write {group}.{members[0]}"
    if after[0] == "(":
        return f"the function {name!r} is not known here: known are {', '.join(sorted(_FUNCTIONS | _METHODS))}"
    return f"{name!r} is not known: a condition can name {', '.join(variables)}{nearest_name(name, variables)}"


def _clauses(tokens: tuple[Token, ...], vocabulary: Vocabulary) -> tuple[Clause, ...]:
    found = []
    for start in range(0, len(tokens), 4):
        part = tokens[start : start + 4]
        shape = tuple(token.kind for token in part[:3])
        joined = len(part) == 3 or (len(part) == 4 and part[3].text == "&&" and start + 4 < len(tokens))
        if shape != ("name", "operator", "number") or part[0].text not in vocabulary.variables or not joined:
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


def _try_out(condition: Condition, at: Callable[[int], str], vocabulary: Vocabulary) -> None:
    import cel

    for reading in vocabulary.readings:
        try:
            outcome = program_of(condition.text).execute(cel.Context(dict(reading)))
        except (TypeError, RuntimeError) as error:
            raise PolicyError(
                f"{at(0)}: the condition ‘{condition.text}’ mixes types: {str(error).split('. ')[0]}. "
                "What is measured is a double: write numbers it calculates with as 2.0, not 2"
            ) from error
        except FAILURES:
            continue  # a division by zero, say: it depends on the values, and then the condition does not apply
        if not isinstance(outcome, bool):
            raise PolicyError(f"{at(0)}: the condition ‘{condition.text}’ is {outcome!r}: it must be true or false")
