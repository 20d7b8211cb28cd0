# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The parts of an installation, one function each: what :mod:`arf_enterprise.app` wires together."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from socket import gethostname
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final, Protocol

from arf_enterprise.actions.probes import ask
from arf_enterprise.actions.registry import make
from arf_enterprise.audit.signing import CommandKey, KeyProvider, create_key_file, environment_key, file_key
from arf_enterprise.errors import SettingError
from arf_enterprise.execution.line import Line
from arf_enterprise.execution.means import Means, Notify, nobody
from arf_enterprise.execution.sweep import LOCK_CLASS as EXECUTORS
from arf_enterprise.execution.sweep import Sweep
from arf_enterprise.governance.channels import FILE as CHANNELS
from arf_enterprise.governance.channels import read_channels
from arf_enterprise.governance.notify import Notifier
from arf_enterprise.identifiers import new_id
from arf_enterprise.identity.access import Access, Tokens
from arf_enterprise.identity.jwks import ProviderKeys, http_fetch
from arf_enterprise.identity.principal import Principal
from arf_enterprise.identity.provider import load_provider
from arf_enterprise.licensing.entitlement import Entitlements
from arf_enterprise.licensing.nodes import LOCK_CLASS, Node
from arf_enterprise.settings import Settings
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.stores.postgres.embedded import running
from arf_enterprise.stores.postgres.engine_schema import migrate_engine
from arf_enterprise.stores.postgres.held import HeldLocks
from arf_enterprise.stores.postgres.migrate import check, migrate
from arf_enterprise.targets import broker

if TYPE_CHECKING:
    from arf_enterprise.execution.engine import Engine
    from arf_enterprise.stores.neo4j.graph import GraphStore

Clock = Callable[[], datetime]
RUNS_POOL: Final = 4
"""How many connections runs have together: more of them do not make a server faster, and requests have their own."""


class Place(Protocol):
    """Whether this server may carry runs out (``licensing.nodes.Node``)."""

    def refusal(self) -> str | None:
        """Why it may not, None if it may."""


def database_url(settings: Settings, stack: ExitStack, *, serves: bool) -> str:
    """Where the program connects to; the embedded database runs until ``stack`` closes, and has this version's schema.

    Raises:
        StoreError: it cannot be started, or its schema is another version's.
    """
    app_url, owner_url = stack.enter_context(urls(settings, may_join=not serves))
    if settings.is_embedded and owner_url:
        migrate(owner_url)
        migrate_engine(owner_url)
    check(app_url)
    return app_url


def pool(url: str, stack: ExitStack, *, size: int = 10) -> Database:
    """At most ``size`` connections to ``url``, closed with ``stack``.

    Raises:
        StoreError: it does not answer, or the login could get past the database's own rules.
    """
    database = Database(url, size=size)
    database.open()
    stack.callback(database.close)
    return database


def node(url: str, database: Database, stack: ExitStack) -> Node:
    """This process as a server that asks for a place of the licence; it gives it back with ``stack``."""
    locks = HeldLocks(url, lock_class=LOCK_CLASS)
    stack.callback(locks.close)
    return Node(database, locks, node_id=f"{gethostname()}:{os.getpid()}")


def line(url: str, stack: ExitStack) -> Line:
    """The line that runs wait in, closed with ``stack``."""
    made = Line(url)
    stack.callback(made.close)
    return made


def engine_of(url: str, means: Means, line: Line, node: Place) -> Engine:
    """What carries runs out on this server, as soon as it has a place."""
    from arf_enterprise.execution.engine import Engine

    return Engine(
        means,
        url=url,
        executor_id=new_id("node", means.clock()),
        locks=HeldLocks(url, lock_class=EXECUTORS),
        line=line,
        sweep=Sweep(database=means.database, line=line, clock=means.clock),
        has_place=lambda: node.refusal() is None,
    )


def means_of(database: Database, entitlements: Entitlements, *, clock: Clock, notify: Notify = nobody) -> Means:
    """What the steps of a run work with."""
    return Means(
        database=database,
        entitlements=entitlements,
        adapter=lambda way, component: make(way, component, read=broker.read),
        ask=ask,
        clock=clock,
        seconds=monotonic,
        pause=sleep,
        notify=notify,
    )


def graph(settings: Settings, stack: ExitStack) -> GraphStore | None:
    """The graph, if the settings name one; closed with ``stack``."""
    if settings.graph is None:
        return None
    from arf_enterprise.stores.neo4j.graph import GraphStore

    return stack.enter_context(GraphStore(settings.graph))


def notifier(settings: Settings, stack: ExitStack) -> Notifier | None:
    """What tells people, if there is a file that says how; closed with ``stack``.

    Raises:
        SettingError: the file cannot be read.
    """
    file = settings.data / CHANNELS
    if not file.exists():
        return None
    made = Notifier(read_channels(file), read=broker.read)
    stack.callback(made.close)
    return made


def access(settings: Settings, database: Database, *, clock: Clock, seat: Callable[[Principal], bool]) -> Access:
    """The way in, as ``settings`` have it; ``seat`` says who has one of the licence's.

    Raises:
        SettingError: the identity provider's file cannot be read.
    """
    provider = None if settings.oidc_file is None else load_provider(settings.oidc_file)
    return Access(
        database,
        is_multi_tenant=settings.is_multi_tenant,
        clock=clock,
        seconds=monotonic,
        tokens=None
        if provider is None
        else Tokens(
            provider=provider, keys=ProviderKeys(provider, fetch=http_fetch(provider.ca_file), seconds=monotonic)
        ),
        seat=seat,
    )


@contextmanager
def urls(settings: Settings, *, may_join: bool = True) -> Iterator[tuple[str, str | None]]:
    """Where the program and where the owner of the schema connect to; the embedded server runs meanwhile.

    ``may_join`` is false for a server: an embedded database has one, and commands beside it.
    """
    if settings.database_url is not None:
        yield settings.database_url, settings.owner_url
        return
    with running(settings.data / "postgres", may_join=may_join) as server:
        yield server.url("arf_app"), server.url("arf_owner")


def audit_key(settings: Settings) -> KeyProvider:
    """The key that signs checkpoints: from the environment, a command, or the encrypted file, made if there is none.

    Raises:
        SettingError: it cannot be had.
    """
    if settings.audit_key is not None:
        return environment_key({"ARF_AUDIT_KEY": settings.audit_key}, "ARF_AUDIT_KEY")
    if settings.audit_command:
        return CommandKey(settings.audit_command, _public_key(settings.audit_public_key))
    if not settings.audit_key_file.exists():
        return _made_key(settings)
    return file_key(settings.audit_key_file, _passphrase(settings))


def _made_key(settings: Settings) -> KeyProvider:
    settings.audit_key_file.parent.mkdir(parents=True, exist_ok=True, mode=0o711)
    if not settings.audit_passphrase_file.exists():
        settings.audit_passphrase_file.touch(mode=0o600)
        settings.audit_passphrase_file.write_text(secrets.token_urlsafe(32), encoding="ascii")
    return create_key_file(settings.audit_key_file, _passphrase(settings))


def _passphrase(settings: Settings) -> bytes:
    try:
        return settings.audit_passphrase_file.read_bytes().strip()
    except OSError as error:
        raise SettingError(
            f"{settings.audit_passphrase_file} cannot be read: it has the audit key's passphrase"
        ) from error


def _public_key(text: str | None) -> bytes:
    try:
        raw = base64.b64decode(text or "", validate=True)
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise SettingError("ARF_AUDIT_PUBLIC_KEY must be the command's public key: 32 bytes in base64")
    return raw
