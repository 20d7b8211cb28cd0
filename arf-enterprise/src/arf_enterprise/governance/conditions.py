# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Conditions of governance policies: CEL over the facts of a request.

1. Names, operators and functions are checked when the file is loaded, and the condition is tried on made requests of
   every action (``arf_core.policy.syntax``).
2. A fact is compared with a literal of its own type, and ``action`` with an action that exists: what could never be
   true, or always is, would forbid nothing, or permit everything.
3. ``true`` and ``false`` are no operands of ``&&`` and ``||``: CEL lets ``… || true`` hide any error.
4. ``parameters.NAME`` is of some actions only: the condition names the action, or asks ``has(parameters.NAME) && …``.
5. Every failure of an evaluation is told apart from false: the gate denies then.
6. Only ASCII stands in a condition; another letter is written as an escape, so that one that looks alike is seen.
7. Where a fact is not known, a condition is false if it is so whatever the fact may be (CEL: ``unknown && false``), and
   otherwise unknown: ``unknown || true`` is never taken for true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from arf_core.errors import PolicyError
from arf_core.models.action import PARAMETERS, Action
from arf_core.policy.condition import FAILURES, Condition, Vocabulary, program_of
from arf_core.policy.fields import nearest_name
from arf_core.policy.syntax import Token, compile_condition, complaints, tokens_of
from arf_enterprise.governance.facts import NAMES, PLANNED, Facts, parameters_bound

if TYPE_CHECKING:
    import cel


class Outcome(Enum):
    """What became of a condition."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"
    """A fact that it names is not known of this request."""
    UNPLANNED = "unplanned"
    """It names what is known once the change is planned, and nothing is planned yet."""
    FAILED = "failed"
    """It could not be evaluated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What became of a condition, and why, in words."""

    outcome: Outcome
    because: str


NEVER: Final = Condition(text="false", normal="false", needs=(), asks=(), clauses=())
"""What stands for a condition that could not be read, in a policy that is refused."""


def context_of(facts: Facts) -> cel.Context:
    """The facts as CEL reads them, what is not known left out: made once for all conditions."""
    import cel

    return cel.Context({name: value for name, value in facts.bound().items() if value is not None})


def judge(condition: Condition, facts: Facts, context: cel.Context) -> Judged:
    """What becomes of ``condition`` with ``facts``; ``context`` is :func:`context_of` them."""
    missing = [name for name in condition.needs if getattr(facts, name) is None]
    try:
        outcome = program_of(condition.text).execute(context)
    except FAILURES as error:  # rule 5
        if missing and isinstance(error, RuntimeError):  # that is what a name without a value raises
            return _unknown(condition, facts, missing)
        return Judged(outcome=Outcome.FAILED, because=f"‘{condition.normal}’ cannot be decided: {_line(error)}")
    if not isinstance(outcome, bool):
        return Judged(outcome=Outcome.FAILED, because=f"‘{condition.normal}’ is neither true nor false")
    if outcome and missing:
        return _unknown(condition, facts, missing)
    found = Outcome.TRUE if outcome else Outcome.FALSE
    return Judged(outcome=found, because=f"‘{condition.normal}’ is {found.value}")


def read_condition(text: str, *, at: Callable[[int], str], problems: list[str]) -> Condition:
    """The condition in ``text``; everything that is wrong with it is added to ``problems``."""
    if not text.isascii():  # rule 6
        problems.append(_foreign(text, at))
        return NEVER
    try:
        condition = compile_condition(text, at=at, vocabulary=VOCABULARY)
    except PolicyError:
        problems.extend(complaints(text, at=at, vocabulary=VOCABULARY))
        return NEVER
    problems.extend((*_compared(condition, at), *_constants(condition, at), *_unguarded(condition, at)))
    return condition


def _unknown(condition: Condition, facts: Facts, missing: list[str]) -> Judged:  # rule 7
    names = " and ".join(missing)
    if facts.is_planned or not set(missing) <= set(PLANNED):
        return Judged(outcome=Outcome.UNKNOWN, because=f"‘{condition.normal}’: {names} not known")
    return Judged(outcome=Outcome.UNPLANNED, because=f"‘{condition.normal}’: {names} not planned yet")


def _foreign(text: str, at: Callable[[int], str]) -> str:
    place = next(place for place, character in enumerate(text) if not character.isascii())
    code = ord(text[place])
    escape = f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"
    return f"{at(place)}: the character U+{code:04X} may look like another: write {escape} in a condition"


def _compared(condition: Condition, at: Callable[[int], str]) -> Iterator[str]:
    """Rule 2: literals that are compared with a fact or parameter of another type."""
    for name, literal in _comparisons(tokens_of(condition)):
        kinds = _KINDS[name]
        if _kind(literal) not in kinds:
            yield f"{at(literal.start)}: {name} is a {' or a '.join(sorted(kinds))}, and {literal.text} is none"
        elif name == "action" and (said := literal.text[1:-1]) not in set(Action):
            nearest = nearest_name(said, tuple(Action))
            yield f"{at(literal.start)}: {said!r} is not an action: there are {', '.join(Action)}{nearest}"


def _comparisons(tokens: tuple[Token, ...]) -> Iterator[tuple[str, Token]]:
    """Each name that is compared with a literal, and the literal: ``a == 1``, ``1 == a``, ``a in [1, 2]``."""
    for place in range(len(tokens)):
        if (name := _name_at(tokens, place)) is None:
            continue
        after = tokens[place + 1 : place + 3]
        first = place - 2 if "." in name else place
        if len(after) == 2 and after[0].text in _COMPARE and _kind(after[1]):
            yield name, after[1]
        if first >= 2 and tokens[first - 1].text in _COMPARE and _kind(tokens[first - 2]):
            yield name, tokens[first - 2]
        if [one.text for one in after] == ["in", "["]:
            listed = takewhile(lambda one: one.text != "]", tokens[place + 3 :])
            yield from ((name, one) for one in listed if _kind(one))


def _name_at(tokens: tuple[Token, ...], place: int) -> str | None:
    """The name that ends at ``place``, as :data:`_KINDS` has it."""
    text = tokens[place].text
    if tokens[place].kind == "name" and place >= 2 and tokens[place - 1].text == ".":
        text = f"{tokens[place - 2].text}.{text}"
    return text if text in _KINDS else None


def _constants(condition: Condition, at: Callable[[int], str]) -> Iterator[str]:
    """Rule 3."""
    tokens = tokens_of(condition)
    for place, token in enumerate(tokens):
        beside = {one.text for one in (*tokens[max(place - 1, 0) : place], *tokens[place + 1 : place + 2])}
        is_compared = bool(beside & {"==", "!=", ",", "[", "]"})
        if token.text in {"true", "false"} and len(tokens) > 1 and not is_compared:
            yield f"{at(token.start)}: {token.text} decides nothing, or all: leave it out"


def _unguarded(condition: Condition, at: Callable[[int], str]) -> Iterator[str]:
    """Rule 4: parameters that would be read of an action that does not have them."""
    if not condition.asks:
        return
    for context in _contexts():
        try:
            program_of(condition.text).execute(context)
        except KeyError as error:
            name = str(error.args[0])
            of = sorted(action.value for action in Action if name in PARAMETERS[action])
            yield (
                f"{at(0)}: parameters.{name} is known of {', '.join(of)} only: ask for it with "
                f"has(parameters.{name}) && …"
            )
            return
        except FAILURES:
            continue


@cache
def _contexts() -> tuple[cel.Context, ...]:
    import cel

    return tuple(cel.Context(dict(reading)) for reading in VOCABULARY.readings)


def _kind(token: Token) -> str:
    """The type of a literal, empty if it is none."""
    if token.kind in {"string", "number"}:
        return {"string": "text", "number": "number"}[token.kind]
    return "boolean" if token.text in {"true", "false"} else ""


def _line(error: Exception) -> str:
    return str(error).partition("\n")[0].partition(". ")[0][:200]


def _reading(action: Action, number: float, text: str, *, flag: bool) -> Mapping[str, object]:
    values: dict[str, object] = {name: {"number": number, "boolean": flag}.get(_FACT[name], text) for name in NAMES}
    given = {
        name: number if parameter.whole or isinstance(parameter.default, float) else parameter.default
        for name, parameter in PARAMETERS[action].items()
    }
    return {**values, "action": action.value, "parameters": parameters_bound({**given, **_REQUIRED.get(action, {})})}


_COMPARE: Final = frozenset(("==", "!=", "<", "<=", ">", ">="))
_REQUIRED: Final[Mapping[Action, Mapping[str, object]]] = {Action.TRAFFIC_SHIFT: {"target": "a"}}
_NUMBERS: Final = frozenset(("tier", "confidence", "instances", "share", "dependents", "success_lower", "outcomes"))
_FLAGS: Final = frozenset(("reversible", "requester_is_agent"))
_FACT: Final = {name: "number" if name in _NUMBERS else "boolean" if name in _FLAGS else "text" for name in NAMES}


def _parameter_kinds() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for parameters in PARAMETERS.values():
        for name, parameter in parameters.items():
            kind = {bool: "boolean", int: "number", float: "number", tuple: "list"}.get(type(parameter.default), "text")
            found.setdefault(f"parameters.{name}", set()).add(kind)
    return {name: frozenset(kinds) for name, kinds in found.items()}


_KINDS: Final[Mapping[str, frozenset[str]]] = {
    **{name: frozenset((kind,)) for name, kind in _FACT.items()},
    **_parameter_kinds(),
}
"""Of what types a fact or parameter is."""

VOCABULARY: Final = Vocabulary(
    variables=NAMES,
    group="parameters",
    members=tuple(sorted({name for parameters in PARAMETERS.values() for name in parameters})),
    readings=tuple(
        _reading(action, number, text, flag=flag)
        for action in Action
        for number, text, flag in ((0.0, "a", False), (1.0, "b", True), (1e6, "production", False))
    ),
)
"""What the conditions of governance policies can name."""
