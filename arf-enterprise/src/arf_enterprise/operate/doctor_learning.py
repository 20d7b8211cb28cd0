# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What ``doctor`` says of learning: whether persistent memory has its indexes, and whether the graph keeps up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from arf_core.doctor.finding import Finding
from arf_enterprise.errors import EnterpriseError
from arf_enterprise.learning.outbox import lag
from arf_enterprise.learning.remembered import standing
from arf_enterprise.operate.findings import ok, warning
from arf_enterprise.settings import Settings
from arf_enterprise.stores.neo4j.graph import GraphStore
from arf_enterprise.stores.postgres.database import Database

LONGEST_WAIT: Final = timedelta(minutes=5)
"""How long what is new may wait for the graph."""


def learning_findings(settings: Settings, database: Database, *, now: datetime) -> Iterator[Finding]:
    """All of it warnings: runs, advice and the log need none of it."""
    yield _memory(database)
    yield _graph(settings, database, now)


def _memory(database: Database) -> Finding:
    with database.transaction(None) as transaction:
        stands = standing(transaction)
    if stands.vector is not None and not stands.has_index:
        statement = 'psql "$ARF_DATABASE_OWNER_URL" -c "SELECT arf.index_memory()"'
        return warning("memory", "it has no index: recall compares every incident", statement)
    return ok("memory", "waits for pgvector" if stands.vector is None else f"indexed, pgvector {stands.vector}")


def _graph(settings: Settings, database: Database, now: datetime) -> Finding:
    if settings.graph is None:
        return ok("graph", "none: NEO4J_URI names none")
    try:
        with GraphStore(settings.graph) as store:
            store.read("default", "graph_position")
    except EnterpriseError as error:
        return warning("graph", f"{error}: what is new waits for it", "arf-enterprise graph status")
    behind = [one for one in lag(database, now=now) if one.oldest_s > LONGEST_WAIT.total_seconds()]
    if behind:
        words = ", ".join(f"{one.waiting} entries of {one.tenant} wait, for {one.oldest_s:.0f} s" for one in behind)
        return warning("graph", f"{words}: no server is at work", "arf-enterprise serve")
    return ok("graph", "it answers, and keeps up")
