# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Requests to the gate as people and programs write them down: in case files, in records, in the API.

``asked`` has the facts that conditions can name (``governance.facts``), flat: ``action``, ``component``,
``environment``, ``tier`` and ``confidence`` must be there, all others may be. What is left out, or null, is not known;
the four that a plan gives (``instances``, ``share``, ``dependents``, ``reversible``) are there together, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, TypeVar

from arf_core.canonical import in_utc
from arf_core.errors import InputError, PolicyError
from arf_core.models.action import Action, parameters_for
from arf_core.models.frozen import FrozenMap, freeze
from arf_core.policy.document import Entry, Node, Place, describe
from arf_core.policy.fields import member_of, number_of, plain, whole_of
from arf_enterprise.governance.facts import PLANNED, Facts
from arf_enterprise.governance.reading import Form

T = TypeVar("T")
MOST: Final = 1_000_000
REQUIRED: Final = ("action", "component", "environment", "tier", "confidence")
OPTIONAL: Final = (
    "tenant", "owner", "kind", "parameters", "requester_is_agent", "outcomes", "success_lower", *PLANNED,
    "irreversible_reason",
)  # fmt: skip


def facts_in(node: Node, problems: list[str]) -> Facts:
    """The facts that ``asked`` in a file has; what is wrong with them is added to ``problems``."""
    form = Form(node, what="asked", required=REQUIRED, optional=OPTIONAL, problems=problems)
    action = form.take("action", member_of(Action, what="action"), Action.ALERT_TEAM)
    facts = Facts(
        tenant=form.take("tenant", _text, "default"),
        action=action,
        component=form.take("component", _text, "-"),
        environment=form.take("environment", _text, "-"),
        tier=form.take("tier", whole_of("tier", least=1, most=4), 1),
        owner=form.take("owner", _text, "-"),
        kind=form.take("kind", _text, "-"),
        confidence=form.take("confidence", _share("confidence"), 0.0),
        parameters=form.take("parameters", _parameters(action), FrozenMap()),
        requester_is_agent=form.take("requester_is_agent", _flag, default=False),
        outcomes=form.take("outcomes", _count("outcomes"), 0),
        success_lower=form.take("success_lower", _known(_share("success_lower")), None),
        instances=form.take("instances", _known(_count("instances")), None),
        share=form.take("share", _known(_share("share")), None),
        dependents=form.take("dependents", _known(_count("dependents")), None),
        reversible=form.take("reversible", _known(_flag), None),
        irreversible_reason=form.take("irreversible_reason", _known(_text), None),
    )
    if len({getattr(facts, name) is None for name in PLANNED}) > 1:
        form.complain(f"{', '.join(PLANNED)} are known together, once the change is planned, or not at all")
    return facts


def moment_in(node: Node) -> datetime:
    """An aware time, such as 2026-01-02T03:04:05Z or 2026-03-29T01:30:00+01:00."""
    try:
        if isinstance(node.value, str):
            return in_utc(datetime.fromisoformat(node.value))
    except (ValueError, InputError):
        pass
    raise PolicyError(f"{node.place}: a time is {describe(node)}: it must be one such as 2026-01-02T03:04:05Z")


def node_of(value: object, place: Place) -> Node:
    """A JSON value as a node, so that it is read as a file is; every part of it stands at ``place``."""
    if isinstance(value, list):
        return Node(value=tuple(node_of(item, place) for item in value), place=place)
    if isinstance(value, Mapping):
        entries = {str(key): Entry(place=place, node=node_of(item, place)) for key, item in value.items()}
        return Node(value=entries, place=place)
    return Node(value=value, place=place)


def _text(node: Node) -> str:
    if not isinstance(node.value, str) or not 0 < len(node.value) <= 1000:
        raise PolicyError(f"{node.place}: a name is {describe(node)}: it must be a text of 1 to 1000 characters")
    return node.value


def _flag(node: Node) -> bool:
    if not isinstance(node.value, bool):
        raise PolicyError(f"{node.place}: this is {describe(node)}: it must be true or false")
    return node.value


def _share(what: str) -> Callable[[Node], float]:
    return number_of(what, least=0, most=1)


def _count(what: str) -> Callable[[Node], int]:
    return whole_of(what, least=0, most=MOST)


def _known(read: Callable[[Node], T]) -> Callable[[Node], T | None]:
    return lambda node: None if node.value is None else read(node)


def _parameters(action: Action) -> Callable[[Node], FrozenMap]:
    def read(node: Node) -> FrozenMap:
        given = plain(node)
        if not isinstance(given, dict):
            raise PolicyError(f"{node.place}: parameters are {describe(node)}: they must be a mapping")
        try:
            return parameters_for(action, {name: freeze(value) for name, value in given.items()})
        except InputError as error:
            raise PolicyError(f"{node.place}: {error}") from error

    return read
