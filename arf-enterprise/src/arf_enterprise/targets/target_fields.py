# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""From the nodes of ``targets.yaml`` to targets, strictly: the rules are those of ``targets.inventory``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final, Literal, cast

from arf_core.errors import PolicyError
from arf_core.models.action import Action
from arf_core.models.frozen import FrozenMap
from arf_core.policy.document import Entry, Node, Place, describe
from arf_core.policy.fields import member_of, nearest_name, number_of, whole_of
from arf_enterprise.targets.broker import REFERENCE, REFERENCE_RULE
from arf_enterprise.targets.probe_fields import KINDS, probe_settings
from arf_enterprise.targets.reading import Fields, Reading
from arf_enterprise.targets.target import HealthPlan, Probe, Target, Way

ADAPTERS: Final = ("supervisor", "haproxy", "kubernetes", "webhook", "mcp_tool", "notify")
"""The names of the adapters; ``actions.registry`` has the classes."""
MOST_TARGETS: Final = 2000
MOST_DEPENDENCIES: Final = 200
MOST_WAYS: Final = 20
MOST_PROBES: Final = 20
LONGEST_S: Final = 3600.0

_NAME: Final = re.compile("[^\\x00-\\x1f\\x7f-\\x9f\\u2028-\\u202e\\u2066-\\u2069]{1,253}")
_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
_PASSWORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#\s]*@")


def targets_of(root: Node, reading: Reading, *, schema: str) -> tuple[Target, ...]:
    """The targets of a file; what is wrong is noted in ``reading``."""
    fields = reading.fields(root, what="the inventory", required=("schema", "targets"))
    if "schema" in fields and fields["schema"].value != schema:
        reading.complain(fields["schema"], f"the schema is {describe(fields['schema'])}: it must be {schema}")
    nodes = reading.items(fields, "targets", what="targets", most=MOST_TARGETS)
    found = [(_target(node, reading), node.place) for node in nodes]
    _refuse_twice(((one.component, place) for one, place in found if one.component), reading, what="the component")
    return tuple(target for target, _ in found)


def _target(node: Node, reading: Reading) -> Target:
    fields = reading.fields(
        node,
        what="a target",
        required=("component", "environment", "tier", "owner", "kind", "ways", "health"),
        optional=("depends_on",),
    )
    dependencies = reading.items(fields, "depends_on", what="depends_on", most=MOST_DEPENDENCIES)
    ways = tuple(_ways(fields, reading))
    target = Target(
        component=reading.take(fields, "component", _name("component"), ""),
        environment=reading.take(fields, "environment", _name("environment"), ""),
        tier=reading.take(fields, "tier", whole_of("tier", least=1, most=4), 1),
        owner=reading.take(fields, "owner", _name("owner"), ""),
        kind=reading.take(fields, "kind", _name("kind"), ""),
        depends_on=tuple(reading.attempt(one, _name("a name in depends_on"), "") for one in dependencies),
        ways=ways,
        health=_health(fields["health"], reading) if "health" in fields else HealthPlan(),
    )
    _refuse_blind(target, fields, reading)
    return target


def _refuse_blind(target: Target, fields: Fields, reading: Reading) -> None:
    """What changes something needs a symptom: otherwise nothing that is done could ever be told to have helped."""
    changes = any(way.actions - {Action.ALERT_TEAM} for way in target.ways)
    if changes and "health" in fields and not any(probe.is_symptom for probe in target.health.probes):
        reading.complain(fields["health"], "no probe has 'is_symptom: true': whether a change helped cannot be told")


def _ways(fields: Fields, reading: Reading) -> Iterable[Way]:
    taken: dict[Action, Place] = {}
    for node in reading.items(fields, "ways", what="ways", most=MOST_WAYS):
        way = _way(node, reading)
        for action in sorted(way.actions & set(taken)):
            reading.complain(node, f"{action} has a way already: see line {taken[action].line}")
        taken.update(dict.fromkeys(way.actions - set(taken), node.place))
        yield way


def _way(node: Node, reading: Reading) -> Way:
    fields = reading.fields(node, what="a way", required=("adapter", "actions"), optional=("settings", "credentials"))
    actions = reading.items(fields, "actions", what="actions", most=len(Action))
    if "actions" in fields and fields["actions"].value == ():
        reading.complain(fields["actions"], "actions is an empty list: name what this way is for")
    read = [reading.attempt(one, member_of(Action, what="an action"), None) for one in actions]
    return Way(
        adapter=reading.take(fields, "adapter", _one_of(ADAPTERS, "adapter"), ""),
        actions=frozenset(action for action in read if action is not None),
        settings=_settings(fields, reading),
        credentials=_credentials(fields, reading),
    )


def _settings(fields: Fields, reading: Reading) -> FrozenMap:
    """The settings as they stand: what they mean is checked by whose they are (rule 3)."""
    if "settings" not in fields:
        return FrozenMap()
    node = fields["settings"]
    if not isinstance(node.value, Mapping):
        reading.complain(node, f"settings is {describe(node)}: it must be a mapping")
        return FrozenMap()
    return FrozenMap(cast("Mapping[str, object]", plain(node, reading)))


def plain(node: Node, reading: Reading) -> object:
    """The JSON value of ``node``; a URL with a password in it is noted, and not repeated."""
    match node.value:
        case tuple() as items:
            return [plain(item, reading) for item in items]
        case Mapping() as entries:
            return {key: plain(entry.node, reading) for key, entry in entries.items()}
        case str() as text if _PASSWORD.search(text):
            reading.complain(node, "a URL has a name or password in it: give a reference under 'credentials' instead")
            return ""
        case value:
            return value


def _credentials(fields: Fields, reading: Reading) -> FrozenMap:
    if "credentials" not in fields:
        return FrozenMap()
    node = fields["credentials"]
    if not isinstance(node.value, Mapping):
        reading.complain(node, "credentials must be a mapping of names to references")  # rule 2
        return FrozenMap()
    found = {}
    for key, entry in cast("Mapping[str, Entry]", node.value).items():
        if not _KEY.fullmatch(key):
            reading.complaints.append(f"{entry.place}: the name of a credential must be lower case, such as password")
        found[key] = reading.attempt(entry.node, _reference, "")
    return FrozenMap(found)


def _reference(node: Node) -> str:
    if not isinstance(node.value, str) or not REFERENCE.fullmatch(node.value):  # rule 2: not the value
        raise PolicyError(f"{node.place}: a credential must be {REFERENCE_RULE}, never the secret itself")
    return node.value


def _health(node: Node, reading: Reading) -> HealthPlan:
    times = ("window_s", "interval_s", "settle_s", "sustained_s")
    fields = reading.fields(node, what="health", required=("probes",), optional=(*times, "traffic_floor"))
    usual = HealthPlan()
    plan = HealthPlan(
        window_s=reading.take(fields, "window_s", number_of("window_s", least=1, most=LONGEST_S), usual.window_s),
        interval_s=reading.take(fields, "interval_s", number_of("interval_s", least=0.1, most=60), usual.interval_s),
        settle_s=reading.take(fields, "settle_s", number_of("settle_s", least=0, most=LONGEST_S), usual.settle_s),
        sustained_s=reading.take(
            fields, "sustained_s", number_of("sustained_s", least=0, most=LONGEST_S), usual.sustained_s
        ),
        traffic_floor=reading.take(
            fields, "traffic_floor", number_of("traffic_floor", least=0, most=1), usual.traffic_floor
        ),
        probes=tuple(_probes(fields, reading)),
    )
    if plan.settle_s + plan.sustained_s > plan.window_s:
        reading.complain(node, "settle_s and sustained_s together are longer than window_s: it could never be well")
    return plan


def _probes(fields: Fields, reading: Reading) -> list[Probe]:
    nodes = reading.items(fields, "probes", what="probes", most=MOST_PROBES)
    found = [(_probe(node, reading), node.place) for node in nodes]
    _refuse_twice(((probe.name, place) for probe, place in found if probe.name), reading, what="the probe")
    return [probe for probe, _ in found]


def _probe(node: Node, reading: Reading) -> Probe:
    fields = reading.fields(node, what="a probe", required=("name", "kind", "is_symptom"), optional=("settings",))
    kind = reading.take(fields, "kind", _one_of(KINDS, "kind"), "adapter")
    settings = _settings(fields, reading)
    complaint = probe_settings(kind, settings) if "kind" in fields else None
    if complaint is not None:
        reading.complain(fields.get("settings", node), complaint)
    return Probe(
        name=reading.take(fields, "name", _name("name"), ""),
        kind=cast('Literal["http", "prometheus", "adapter"]', kind),
        is_symptom=reading.take(fields, "is_symptom", _truth, instead=False),
        settings=settings,
    )


def _truth(node: Node) -> bool:
    if not isinstance(node.value, bool):
        raise PolicyError(f"{node.place}: is_symptom is {describe(node)}: it must be true or false")
    return node.value


def _name(what: str) -> Callable[[Node], str]:
    return partial(_named, what)


def _named(what: str, node: Node) -> str:
    if not isinstance(node.value, str) or not _NAME.fullmatch(node.value):
        raise PolicyError(f"{node.place}: {what} is {describe(node)}: it must be a text of 1 to 253 characters")
    return node.value


def _one_of(known: tuple[str, ...], what: str) -> Callable[[Node], str]:
    def read(node: Node) -> str:
        if node.value not in known:
            nearest = nearest_name(node.value, known)
            raise PolicyError(
                f"{node.place}: the {what} is {describe(node)}: it must be one of {', '.join(known)}{nearest}"
            )
        return node.value

    return read


def _refuse_twice(named: Iterable[tuple[str, Place]], reading: Reading, *, what: str) -> None:
    seen: dict[str, Place] = {}
    for name, place in named:
        if name in seen:
            reading.complaints.append(f"{place}: {what} {name!r} stands here a second time: see line {seen[name].line}")
        seen.setdefault(name, place)
