# SPDX-License-Identifier: Apache-2.0
"""Everything that is wrong with a policy file, and what is probably not meant, each at its place.

1. Errors are what :func:`arf_core.policy.load.load` refuses; here all of them are found at once. A file without errors
   loads, and a file that does not load has one.
2. Warnings are about what loads and probably does not say what it should. They are given for the rules without errors.
3. Each problem has a code that does not change its meaning: :data:`CODES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Final, cast

from arf_core.errors import PolicyError
from arf_core.policy.document import Entry, Node, read_document
from arf_core.policy.fields import items_of, key_complaints, name_of, text_of
from arf_core.policy.parts import (
    COOLDOWN,
    FALLBACK,
    HOURLY,
    KIND,
    MAX_RULES,
    POLICY,
    PRIORITY,
    REMEDY,
    ROOT,
    Part,
    schema_of,
    step_complaints,
)
from arf_core.policy.suspicion import Checked, suspicions
from arf_core.policy.syntax import compile_condition, complaints

CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "P101": "the file is not the part of YAML that is read here",
        "P102": "a key that is unknown, missing, or stands twice",
        "P103": "a value of the wrong type, or outside its range",
        "P104": "a condition that does not compile",
        "P105": "an unknown action, or wrong parameters of one",
        "P106": "a name or a kind that is taken",
        "P201": "a condition that is never true",
        "P202": "a condition that is always true where it applies",
        "P203": "a policy whose actions an earlier one offers wherever it would",
        "P204": "a share is compared with a number above 1: a percentage?",
        "P205": "a latency is compared with very few milliseconds: seconds?",
        "P206": "no cooldown: every message recommends again",
    }
)
"""What each code means; those from P201 on are warnings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem; ``line`` and ``column`` count from 1. Written ``file:line:column CODE message``."""

    file: str
    line: int
    column: int
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column} {self.code} {self.message}"

    @property
    def is_error(self) -> bool:
        """Whether the file cannot be used because of it."""
        return self.code < "P2"


def lint(text: str, *, file: str) -> tuple[Problem, ...]:
    """The problems of the policy file ``text``, in the order in which they stand in it."""
    try:
        found = [_problem(file, code, complaint) for code, complaint in _complaints(text, file)]
    except PolicyError as error:
        found = [_problem(file, "P101", str(error))]
    return tuple(sorted(dict.fromkeys(found), key=lambda one: (one.line, one.column, one.code, one.message)))


def _problem(file: str, code: str, complaint: str) -> Problem:
    line, column, message = complaint.removeprefix(f"{file}:").split(":", 2)
    return Problem(file=file, line=int(line), column=int(column), code=code, message=message.strip())


_Complaints = Iterator[tuple[str, str]]
"""Codes and messages, the latter beginning with their place."""


def _complaints(text: str, file: str) -> _Complaints:
    twice: list[str] = []
    root = read_document(text, file=file, twice=twice)
    yield from (("P102", complaint) for complaint in twice)
    if not isinstance(root.value, Mapping):
        yield from _failing("P102", lambda: ROOT.section(root))
        return
    entries = cast("Mapping[str, Entry]", root.value)
    yield from _key_complaints(root, ROOT)
    if "schema" in entries:
        yield from _failing("P103", lambda: schema_of()(entries["schema"].node))
    sound: list[Checked] = []
    for key, part in (("policies", POLICY), ("remedies", REMEDY)):
        if key in entries:
            yield from _list_complaints(entries[key].node, key, part, sound)
    if "fallback" in entries:
        yield from _rule_complaints(entries["fallback"].node, FALLBACK, sound)
    yield from _taken(entries)
    yield from suspicions(sound)


def _failing(code: str, read: Callable[[], object]) -> _Complaints:
    try:
        read()
    except PolicyError as error:
        yield code, str(error)


def _list_complaints(node: Node, key: str, part: Part, sound: list[Checked]) -> _Complaints:
    try:
        items = items_of(node, what=key, most=MAX_RULES)
    except PolicyError as error:
        yield "P103", str(error)
        return
    for item in items:
        yield from _rule_complaints(item, part, sound)


def _rule_complaints(node: Node, part: Part, sound: list[Checked]) -> _Complaints:
    if not isinstance(node.value, Mapping):
        yield from _failing("P102", lambda: part.section(node))
        return
    found = [*_key_complaints(node, part), *_value_complaints(_entries(node))]
    yield from found
    if not found:
        sound.append(_checked(node))


def _key_complaints(node: Node, part: Part) -> _Complaints:
    found = key_complaints(node, what=part.what, required=part.required, optional=part.optional)
    return (("P102", complaint) for complaint in found)


_READERS: Final[Mapping[str, Callable[[Node], object]]] = {
    "name": name_of,
    "kind": KIND,
    "priority": PRIORITY,
    "cooldown_s": COOLDOWN,
    "max_per_hour": HOURLY,
}


def _value_complaints(entries: Mapping[str, Entry]) -> _Complaints:
    for key, read in _READERS.items():
        if key in entries:
            yield from _failing("P103", partial(read, entries[key].node))
    if "when" in entries:
        yield from _condition_complaints(entries["when"].node)
    if "actions" in entries:
        parameters = entries["parameters"].node if "parameters" in entries else None
        yield from (("P105", complaint) for complaint in step_complaints(entries["actions"].node, parameters))


def _condition_complaints(node: Node) -> _Complaints:
    try:
        text, at = text_of("when")(node)
    except PolicyError as error:
        yield "P103", str(error)
        return
    yield from (("P104", complaint) for complaint in complaints(text, at=at))


def _taken(root: Mapping[str, Entry]) -> _Complaints:
    """Names that stand twice in the file, and kinds that stand twice among the remedies."""
    seen: dict[tuple[str, object], int] = {}
    for node in _rules(root):
        for key in ("name", "kind"):
            entry = _entries(node).get(key)
            if entry is None or not isinstance(entry.node.value, str):
                continue
            place, known = entry.node.place, (key, entry.node.value)
            if known in seen:
                yield "P106", f"{place}: the {key} {entry.node.value!r} is taken: see line {seen[known]}"
            seen.setdefault(known, place.line)


def _rules(root: Mapping[str, Entry]) -> Iterator[Node]:
    for key in ("policies", "remedies"):
        if key in root and isinstance(root[key].node.value, tuple):
            yield from cast("tuple[Node, ...]", root[key].node.value)
    if "fallback" in root:
        yield root["fallback"].node


def _entries(node: Node) -> Mapping[str, Entry]:
    return cast("Mapping[str, Entry]", node.value) if isinstance(node.value, Mapping) else {}


def _checked(node: Node) -> Checked:
    """A rule without errors, as the warnings see it."""
    entries = _entries(node)
    actions = cast("tuple[Node, ...]", entries["actions"].node.value)
    checked = Checked(
        name=name_of(entries["name"].node),
        place=node.place,
        actions=tuple(str(action.value) for action in actions),
        cooldown_s=COOLDOWN(entries["cooldown_s"].node),
        cooldown_at=entries["cooldown_s"].node.place,
    )
    if "when" not in entries:
        return checked
    text, at = text_of("when")(entries["when"].node)
    return replace(
        checked, condition=compile_condition(text, at=at), at=at, priority=PRIORITY(entries["priority"].node)
    )
