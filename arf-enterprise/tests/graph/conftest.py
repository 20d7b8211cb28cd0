# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""A real graph server for each process that runs tests: Neo4j where Maven and Java are, ArcadeDB beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from neo4j import GraphDatabase

from arf_enterprise.stores.neo4j.graph import GraphStore
from lib.servers.neo4j import PASSWORD, GraphServer, Product, graph_server, products


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[Product, GraphServer]]:
    """Those that a test asked for; they end with the process."""
    with ExitStack() as stack:
        started: dict[Product, GraphServer] = {}
        yield _Started(started, stack)


class _Started(dict[Product, GraphServer]):
    def __init__(self, known: dict[Product, GraphServer], stack: ExitStack) -> None:
        super().__init__(known)
        self._stack = stack

    def __missing__(self, product: Product) -> GraphServer:
        if product not in products():
            pytest.skip(f"{product} cannot be started here")
        self[product] = self._stack.enter_context(graph_server(product))
        return self[product]


@pytest.fixture(params=list(Product), ids=str)
def server(request: pytest.FixtureRequest, servers: dict[Product, GraphServer]) -> GraphServer:
    """A server of each product, with nothing in it."""
    return _emptied(servers[request.param])


@pytest.fixture
def neo4j(servers: dict[Product, GraphServer]) -> GraphServer:
    """Neo4j alone, with nothing in it."""
    return _emptied(servers[Product.NEO4J])


@pytest.fixture
def store(server: GraphServer) -> Iterator[GraphStore]:
    """Connections to it, as the program has them."""
    with GraphStore(server.login) as opened:
        yield opened


def _emptied(server: GraphServer) -> GraphServer:
    if not server.child.is_running:
        server.start()
    with GraphDatabase.driver(server.uri, auth=(server.user, PASSWORD)) as driver:
        driver.execute_query("MATCH (n) DETACH DELETE n", database_="neo4j")
    return server
