# SPDX-License-Identifier: Apache-2.0
"""The parts of a policy file: which keys each has, and how the value of each key is read.

Loading, checking, formatting and the JSON Schema go by these tables, so that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from arf_core.errors import InputError, PolicyError
from arf_core.models.action import Action, parameters_for
from arf_core.models.frozen import FrozenMap, freeze
from arf_core.models.signal import SignalKind
from arf_core.policy.document import Node
from arf_core.policy.fields import Section, items_of, member_of, number_of, plain, whole_of
from arf_core.policy.rules import SCHEMA, Step

MAX_RULES: Final = 200
"""The most policies a file can have."""

MOST_PRIORITY: Final = 1000
MOST_PER_HOUR: Final = 1000
MOST_COOLDOWN_S: Final = 604_800
"""A week."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A mapping of a policy file: what it is called, and its keys in the order in which they are written."""

    what: str
    keys: tuple[str, ...]
    optional: tuple[str, ...]

    @property
    def required(self) -> tuple[str, ...]:
        """The keys that must be there."""
        return tuple(key for key in self.keys if key not in self.optional)

    def section(self, node: Node) -> Section:
        """``node`` as this part. Raises PolicyError: see :class:`Section`."""
        return Section(node, what=self.what, required=self.required, optional=self.optional)


ROOT: Final = Part(
    what="a policy file", keys=("schema", "policies", "remedies", "fallback"), optional=("remedies", "fallback")
)
POLICY: Final = Part(
    what="a policy",
    keys=("name", "when", "actions", "priority", "cooldown_s", "max_per_hour", "parameters"),
    optional=("parameters",),
)
REMEDY: Final = Part(
    what="a remedy",
    keys=("name", "kind", "actions", "cooldown_s", "max_per_hour", "parameters"),
    optional=("parameters",),
)
FALLBACK: Final = Part(
    what="the fallback", keys=("name", "actions", "cooldown_s", "max_per_hour", "parameters"), optional=("parameters",)
)

PRIORITY: Final = whole_of("priority", least=1, most=MOST_PRIORITY)
COOLDOWN: Final = number_of("cooldown_s", least=0, most=MOST_COOLDOWN_S)
HOURLY: Final = whole_of("max_per_hour", least=1, most=MOST_PER_HOUR)
KIND: Final = member_of(SignalKind, what="kind")
ACTION: Final = member_of(Action, what="the action")


def schema_of(expected: str = SCHEMA) -> Callable[[Node], str]:
    """A reader of the schema that this version reads."""

    def read(node: Node) -> str:
        if node.value != expected:
            raise PolicyError(f"{node.place}: schema is {plain(node)!r}: this version reads {expected!r}")
        return expected

    return read


def steps_of(section: Section) -> tuple[Step, ...]:
    """The actions of a rule, each with its parameters.

    Raises:
        PolicyError: the first of :func:`step_complaints`.
    """
    actions = section.take("actions", lambda node: node)
    parameters = section.take("parameters", lambda node: node) if "parameters" in section else None
    for complaint in step_complaints(actions, parameters):
        raise PolicyError(complaint)
    given = {} if parameters is None else _given(parameters)
    listed = {ACTION(node): node for node in items_of(actions, what="actions", most=len(Action))}
    return tuple(
        Step(action=action, name=action.value, parameters=_parameters(action, node, given.get(action)))
        for action, node in listed.items()
    )


def step_complaints(actions: Node, parameters: Node | None) -> Iterator[str]:
    """Everything that is wrong with the actions of a rule and their parameters."""
    listed: dict[Action, Node] = {}
    try:
        for node in items_of(actions, what="actions", most=len(Action)):
            yield from _action_complaints(node, listed)
        given = {} if parameters is None else _given(parameters)
    except PolicyError as error:
        yield str(error)
        return
    for action, node in listed.items():
        try:
            _parameters(action, node, given.get(action))
        except PolicyError as error:
            yield str(error)
    for action, node in given.items():
        if action not in listed:
            yield f"{node.place}: parameters for {action}, which is not among the actions of this rule"


def _action_complaints(node: Node, listed: dict[Action, Node]) -> Iterator[str]:
    try:
        action = ACTION(node)
    except PolicyError as error:
        yield str(error)
        return
    if action in listed:
        yield f"{node.place}: the action {action} stands here a second time"
    listed.setdefault(action, node)


def _given(node: Node) -> Mapping[Action, Node]:
    section = Section(node, what="parameters", required=(), optional=tuple(Action))
    return {action: section.take(action, lambda value: value) for action in Action if action in section}


def _parameters(action: Action, listed: Node, given: Node | None) -> FrozenMap:
    value = {} if given is None else plain(given)
    place = (listed if given is None else given).place
    if not isinstance(value, dict):
        raise PolicyError(f"{place}: the parameters of {action} are {value!r}: they must be a mapping")
    try:
        return parameters_for(action, {name: freeze(item) for name, item in value.items()})
    except InputError as error:
        raise PolicyError(f"{place}: {error}") from error
