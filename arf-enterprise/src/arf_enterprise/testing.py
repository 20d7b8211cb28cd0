# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What tests of Enterprise start from: a real Postgres, and fresh databases on it, made from one migrated template."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from arf_enterprise.stores.postgres.cluster import DATABASE, SUPERUSER
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.stores.postgres.embedded import CACHED_MIB, Embedded, running
from arf_enterprise.stores.postgres.engine_schema import migrate_engine
from arf_enterprise.stores.postgres.migrate import migrate

TENANTS = ("default", "acme", "globex")


@dataclass(slots=True)
class FreshDatabases:
    """Databases on one server, each as new: migrated, with the tenants of :data:`TENANTS`."""

    server: Embedded
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def fresh(self) -> str:
        """The name of a new database."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        with psycopg.connect(self.server.url(SUPERUSER, database="postgres"), autocommit=True) as connection:
            template, database = sql.Identifier(DATABASE), sql.Identifier(name)
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER arf_owner").format(database, template))
        return name

    def url(self, name: str, *, login: str = "arf_app") -> str:
        """Where ``login`` connects to the database ``name``."""
        return self.server.url(login, database=name)

    @contextmanager
    def database(self, name: str | None = None, *, size: int = 10) -> Iterator[Database]:
        """An open pool on the database ``name``, or on a fresh one."""
        database = Database(self.url(name or self.fresh()), size=size)
        database.open()
        try:
            yield database
        finally:
            database.close()


@contextmanager
def fresh_databases(
    folder: Path, *, binaries: Path | None = None, cached_mib: int = CACHED_MIB
) -> Iterator[FreshDatabases]:
    """A server in ``folder`` for as long as the block lasts, with its template migrated; its data is thrown away."""
    with running(folder, binaries=binaries, is_temporary=True, cached_mib=cached_mib) as server:
        migrate(server.url("arf_owner"))
        migrate_engine(server.url("arf_owner"))
        with psycopg.connect(server.url("arf_owner"), autocommit=True) as connection:
            for tenant in TENANTS:
                connection.execute("INSERT INTO arf.tenant (tenant) VALUES (%s) ON CONFLICT DO NOTHING", [tenant])
        yield FreshDatabases(server)


@contextmanager
def scratch_databases(*, cached_mib: int = CACHED_MIB) -> Iterator[FreshDatabases]:
    """As :func:`fresh_databases`, in a folder of its own that other users can enter: as root, Postgres is another."""
    with tempfile.TemporaryDirectory(prefix="arf-postgres-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        with fresh_databases(Path(folder) / "server", cached_mib=cached_mib) as databases:
            yield databases
