# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What the graph is made of: six kinds of nodes, what documents say of them, and the relations that follow.

::

    (:Component)-[:DEPENDS_ON]->(:Component)         (:Incident)-[:AFFECTED]->(:Component)
    (:Intent)-[:PROPOSED_FOR]->(:Incident)           (:Execution)-[:RAN]->(:Intent)
    (:Execution)-[:RESULTED_IN]->(:Outcome)          (:Change)-[:PRECEDED]->(:Incident)

1. The latest document of an entity is the whole truth about it: what it does not say any more is taken away.
2. What a document names and of which no document came yet is a node with its key alone.
3. A change preceded an incident that affected its component, not earlier than the change and at most
   :data:`PRECEDED_WITHIN` later. That follows from the documents; none says it.
4. Two graphs are equal if they have the same digest: of their nodes and relations as canonical rows, sorted. Times are
   texts of fixed width (``canonical.write_time``), which sort as times do.
5. No document has personal data: who asked and who approved is in the audit log.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from arf_core.canonical import canonical_bytes, read_time, write_time
from arf_core.verify.fields import list_of, object_of, text_of, time_of
from arf_enterprise.errors import RequestError

PRECEDED_WITHIN: Final = timedelta(hours=24)
DOMAIN: Final = b"arf.graph/1\n"
Rows = list[dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """What a field of a document names: nodes with ``label``, at the other end of relations called ``name``."""

    field: str
    name: str
    label: str
    is_incoming: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of document: the ``label`` of its nodes, its ``fields``, and its ``relation`` to others.

    ``version`` is the property that keeps its place: two kinds may tell of the same nodes, each of its own fields.
    """

    label: str
    fields: tuple[str, ...]
    relation: Relation | None = None
    version: str = "version"


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "component": Kind(
            label="Component",
            fields=("kind", "environment", "tier"),
            relation=Relation(field="depends_on", name="DEPENDS_ON", label="Component"),
        ),
        "incident": Kind(
            label="Incident",
            fields=("at", "signature", "fault_type", "service"),
            relation=Relation(field="affected", name="AFFECTED", label="Component"),
        ),
        "intent": Kind(
            label="Intent",
            fields=("intent_id", "action", "component", "at"),
            relation=Relation(field="proposed_for", name="PROPOSED_FOR", label="Incident"),
        ),
        "execution": Kind(
            label="Execution",
            fields=("at", "status"),
            relation=Relation(field="ran", name="RAN", label="Intent"),
        ),
        "outcome": Kind(
            label="Outcome",
            fields=(
                "action", "component", "kind", "environment", "signature", "result", "seconds_to_recover", "at",
            ),
            relation=Relation(field="resulted_from", name="RESULTED_IN", label="Execution", is_incoming=True),
        ),
        "label": Kind(label="Outcome", fields=("said",), version="said_version"),
        "change": Kind(label="Change", fields=("component", "what", "at")),
    }
)  # fmt: skip
"""The kinds, in the order in which they are written."""
NODES: Final[Mapping[str, Kind]] = MappingProxyType(
    {name: kind for name, kind in KINDS.items() if kind.version == "version"}
)
"""Those that have nodes of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A document of the entity ``key``, at its place in the outbox."""

    position: int
    kind: str
    key: str
    document: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """A graph as canonical rows, sorted: nodes ``[label, id, properties]``, relations ``[name, from, to]``."""

    nodes: tuple[bytes, ...]
    relations: tuple[bytes, ...]

    @property
    def digest(self) -> str:
        """The digest of rule 4."""
        hashed = hashlib.sha256(DOMAIN)
        for row in (*self.nodes, *self.relations):
            hashed.update(row + b"\n")
        return "sha256:" + hashed.hexdigest()


def checked(kind: str, key: str, document: Mapping[str, object]) -> dict[str, object]:
    """The document with every field of its kind, those that it lacks as null or an empty list.

    Raises:
        RequestError: an unknown kind, no key, or a value that no property can have.
        FormatError: an unknown field, or a list that is none.
    """
    if kind not in KINDS or not key:
        raise RequestError(f"the graph has no entity of the kind {kind!r:.40}, or it has no key")
    known = KINDS[kind]
    names = () if known.relation is None else (known.relation.field,)
    given = object_of(dict(document), what=f"the {kind}", keys=(), optional=(*known.fields, *names))
    for name in known.fields:
        if not isinstance(given.get(name), str | int | float | None):
            raise RequestError(f"{name} of the {kind} must be a text, a number or null")
    if given.get("at") is not None:
        time_of(given["at"], what=f"at of the {kind}")
    others = [
        text_of(other, what=f"an item of {name}", most=2000)
        for name in names
        for other in list_of(given.get(name, []), what=name, most=100_000)
    ]
    return {name: given.get(name) for name in known.fields} | dict.fromkeys(names, sorted(set(others)))


def rows_of(told: Iterable[Told]) -> dict[str, Rows]:
    """The rows that write documents to the graph, by kind: of each entity its latest."""
    latest = {(one.kind, one.key): one for one in sorted(told, key=lambda one: one.position)}
    rows: dict[str, Rows] = defaultdict(list)
    for one in latest.values():
        rows[one.kind].append(_row(one))
    return rows


def graph_of(told: Iterable[Told]) -> Graph:
    """The graph that documents say, without asking the graph: what a projection must come to."""
    latest = {(one.kind, one.key): one for one in sorted(told, key=lambda one: one.position)}
    nodes: dict[tuple[str, str], dict[str, object]] = {}
    relations: set[tuple[str, str, str, str, str]] = set()
    for one in latest.values():
        kind = KINDS[one.kind]
        node = nodes.setdefault((kind.label, one.key), {})
        node.update({**_properties(kind, one), kind.version: one.position})
        relations.update(_relations(kind, one))
    for _, label, key, other_label, other in relations:  # rule 2
        nodes.setdefault((label, key), {})
        nodes.setdefault((other_label, other), {})
    relations.update(_preceded(latest.values()))
    return graph(((label, key, properties) for (label, key), properties in nodes.items()), relations)


def graph(
    nodes: Iterable[tuple[str, str, Mapping[str, object]]], relations: Iterable[tuple[str, str, str, str, str]]
) -> Graph:
    """The rows of a graph, in canonical form and order."""
    return Graph(
        nodes=tuple(sorted(canonical_bytes([label, key, dict(properties)]) for label, key, properties in nodes)),
        relations=tuple(sorted(canonical_bytes(list(relation)) for relation in relations)),
    )


def _row(one: Told) -> dict[str, object]:
    kind = KINDS[one.kind]
    row: dict[str, object] = {
        "id": one.key,
        "version": one.position,
        "properties": {name: one.document.get(name) for name in kind.fields},
    }
    if kind.relation is not None:
        row[kind.relation.field] = one.document.get(kind.relation.field, [])
    return row | _bounds(one)


def _bounds(one: Told) -> dict[str, object]:
    """Between which times a change preceded it, or it preceded an incident (rule 3)."""
    at = one.document.get("at")
    if one.kind not in {"incident", "change"} or not isinstance(at, str):
        return {"since": None, "until": None}
    if one.kind == "incident":
        return {"since": write_time(read_time(at) - PRECEDED_WITHIN), "until": at}
    return {"since": at, "until": write_time(read_time(at) + PRECEDED_WITHIN)}


def _properties(kind: Kind, one: Told) -> dict[str, object]:
    return {name: value for name in kind.fields if (value := one.document.get(name)) is not None}


def _relations(kind: Kind, one: Told) -> Iterator[tuple[str, str, str, str, str]]:
    if (relation := kind.relation) is None:
        return
    for other in _texts(one.document.get(relation.field)):
        if relation.is_incoming:
            yield relation.name, relation.label, other, kind.label, one.key
        else:
            yield relation.name, kind.label, one.key, relation.label, other


def _preceded(told: Iterable[Told]) -> Iterator[tuple[str, str, str, str, str]]:
    """Rule 3, of all changes and incidents."""
    changes: dict[str, list[tuple[str, str]]] = defaultdict(list)
    incidents: list[Told] = []
    for one in told:
        if one.kind == "change" and isinstance(one.document.get("at"), str):
            changes[str(one.document.get("component"))].append((str(one.document["at"]), one.key))
        elif one.kind == "incident" and isinstance(one.document.get("at"), str):
            incidents.append(one)
    for known in changes.values():
        known.sort()
    for incident in incidents:
        bounds = _bounds(incident)
        for component in _texts(incident.document.get("affected")):
            known = changes.get(component, [])
            first = bisect_left(known, str(bounds["since"]), key=lambda change: change[0])
            last = bisect_right(known, str(bounds["until"]), key=lambda change: change[0])
            for _, key in known[first:last]:
                yield "PRECEDED", "Change", key, "Incident", incident.key


def _texts(value: object) -> Sequence[str]:
    return value if isinstance(value, list) else ()
