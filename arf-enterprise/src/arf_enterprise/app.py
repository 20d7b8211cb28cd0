# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The composition root: everything an installation is made of, wired by hand, in one readable place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic, sleep
from typing import TYPE_CHECKING

from arf_enterprise import parts
from arf_enterprise.audit.signing import KeyProvider
from arf_enterprise.execution.asking import Asking
from arf_enterprise.execution.intake import Intake
from arf_enterprise.execution.line import Line
from arf_enterprise.execution.means import nobody
from arf_enterprise.governance.notify import Notifier, RunTeller
from arf_enterprise.identity.access import Access
from arf_enterprise.licensing.entitlement import Entitlements
from arf_enterprise.licensing.seats import Seats
from arf_enterprise.licensing.sources import provider_of
from arf_enterprise.licensing.watch import Watch
from arf_enterprise.settings import Settings
from arf_enterprise.stores.postgres.database import Database

if TYPE_CHECKING:
    from arf_enterprise.execution.engine import Engine
    from arf_enterprise.stores.neo4j.graph import GraphStore

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """An installation that runs."""

    settings: Settings
    database: Database
    audit_key: KeyProvider
    access: Access
    entitlements: Entitlements
    clock: Clock
    line: Line
    intake: Intake
    asking: Asking
    graph: GraphStore | None = None
    """Neo4j, if the settings name one; no connection is made before it is asked."""
    notifier: Notifier | None = None
    """What tells people that something waits for them, where ``DATA/channels.yaml`` names how."""
    watch: Watch | None = None
    """What a server does about its licence beside its requests; None for a command, which takes no place."""
    engine: Engine | None = None
    """What carries runs out; None for a command, which hands them to the servers."""


def system_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


@contextmanager
def opened(settings: Settings, *, clock: Clock = system_clock, serves: bool = False) -> Iterator[App]:
    """The installation that ``settings`` describe, for as long as the block lasts; a server ``serves``, a command not.

    1. the database: the embedded one, started and migrated, or theirs, whose schema must be this version's
    2. the key that signs checkpoints
    3. a pool of connections, as a login that cannot get past the database's own rules
    4. what the licence permits, and for a server whether it has one of the licence's places
    5. who is let in: API keys, and tokens of the identity provider if there is one
    6. the line that runs wait in, how intents get into it, and for a server what carries them out

    Raises:
        EnterpriseError: the subclass and the message say what is missing, and what to do.
    """
    with ExitStack() as stack:
        app_url = parts.database_url(settings, stack, serves=serves)  # 1
        key = parts.audit_key(settings)  # 2
        database = parts.pool(app_url, stack)  # 3
        node = parts.node(app_url, database, stack)
        place = node.refusal if serves else str
        entitlements = Entitlements(provider_of(settings, database), clock=clock, place=place)  # 4
        line, graph, notifier = (
            parts.line(app_url, stack),
            parts.graph(settings, stack),
            parts.notifier(settings, stack),
        )
        notify = nobody if notifier is None else RunTeller(notifier=notifier, database=database, clock=clock)
        engine = None
        if serves:
            work = parts.pool(app_url, stack, size=parts.RUNS_POOL)
            engine = parts.engine_of(
                app_url, parts.means_of(work, entitlements, clock=clock, notify=notify), line, node
            )
        yield App(
            settings=settings,
            database=database,
            audit_key=key,
            access=parts.access(settings, database, clock=clock, seat=Seats(database, entitlements, clock=clock)),  # 5
            entitlements=entitlements,
            clock=clock,
            line=line,
            intake=Intake(database=database, line=line, clock=clock),  # 6
            asking=Asking(database=database, seconds=monotonic, pause=sleep),
            watch=Watch(database, entitlements, node, clock=clock) if serves else None,
            engine=engine,
            graph=graph,
            notifier=notifier,
        )
