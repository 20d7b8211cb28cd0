# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Whether the graph is what Postgres says: both as canonical rows, with one digest each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from arf_enterprise.learning.entities import KINDS, NODES, Graph, graph, graph_of
from arf_enterprise.learning.outbox import told_of
from arf_enterprise.stores.neo4j.graph import GraphStore, Row
from arf_enterprise.stores.postgres.database import Transaction

PAGE: Final = 5000


def graph_in_postgres(transaction: Transaction) -> Graph:
    """The graph that the documents in Postgres say."""
    last = int(transaction.one("outbox_horizon", tenant=transaction.tenant)["last"])
    return graph_of(map(told_of, transaction.stream("outbox_latest", tenant=transaction.tenant, last=last)))


def graph_in_neo4j(store: GraphStore, tenant: str, *, most: int = PAGE) -> Graph:
    """The graph as Neo4j has it, without the tenant in every row: equal digests are equal graphs."""
    nodes: list[tuple[str, str, Mapping[str, object]]] = []
    relations: list[tuple[str, str, str, str, str]] = []
    for kind, known in NODES.items():
        for row in _read(store, tenant, f"read_{kind}s", most):
            properties = {name: value for name, value in row["properties"].items() if name not in {"tenant", "id"}}
            nodes.append((known.label, row["id"], properties))
            relations.extend(_read_relations(kind, row["id"], row["others"]))
    return graph(nodes, relations)


def _read(store: GraphStore, tenant: str, name: str, most: int) -> Iterable[Row]:
    after = ""
    while rows := store.read(tenant, name, after=after, most=most):
        yield from rows
        after = rows[-1]["id"]


def _read_relations(kind: str, key: str, others: Sequence[str]) -> Iterable[tuple[str, str, str, str, str]]:
    known = KINDS[kind]
    for other in others:
        if known.relation is None:
            yield "PRECEDED", known.label, key, "Incident", other
        elif known.relation.is_incoming:
            yield known.relation.name, known.relation.label, other, known.label, key
        else:
            yield known.relation.name, known.label, key, known.relation.label, other
