# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Brings the schema to this program's version: ``NNNN_name.up.sql`` forward, ``.down.sql`` back, each in a transaction.

1. Migrations run in the order of their numbers, each once, under an advisory lock: two servers that start together
   migrate once. No lock is waited for longer than :data:`LOCK_S`.
2. A migration that was applied and has changed since (its SHA-256 differs) is refused.
3. A schema that is newer than the program is refused: it may mean things the program does not know.
4. The login that migrates owns the schema; the program itself works as ``arf_app`` and cannot change it. It is no
   superuser, and where it lacks a right, the message is the statement that a superuser runs once.
5. Back to version 0 leaves nothing but the role, which is the server's and not the database's.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, cast

import psycopg
from psycopg import errors

from arf_enterprise.errors import SchemaError, StoreUnavailable
from arf_enterprise.stores.postgres.queries import queries
from arf_enterprise.stores.postgres.translate import translated

_FILE: Final = re.compile(r"(\d{4})_(\w+)\.(up|down)\.sql")
_LOCK: Final = 0x6172665F6D696772  # "arf_migr"
LOCK_S: Final = 60.0
_TABLE: Final = """
CREATE SCHEMA IF NOT EXISTS arf;
CREATE TABLE IF NOT EXISTS arf.schema_migration (
    version integer PRIMARY KEY,
    name text NOT NULL,
    digest text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One step of the schema, forward and back."""

    version: int
    name: str
    up: str
    down: str

    @property
    def digest(self) -> str:
        """What pins its forward text."""
        return "sha256:" + hashlib.sha256(self.up.encode()).hexdigest()


@cache
def migrations() -> tuple[Migration, ...]:
    """Every migration of this program, in order.

    Raises:
        ValueError: one has no way back, or two have one number.
    """
    texts: dict[tuple[int, str], dict[str, str]] = {}
    for file in (files(__package__) / "migrations").iterdir():
        if found := _FILE.fullmatch(file.name):
            texts.setdefault((int(found[1]), found[2]), {})[found[3]] = file.read_text(encoding="utf-8")
    if len({version for version, _ in texts}) != len(texts):
        raise ValueError("two migrations have one number")
    return tuple(_migration(version, name, both) for (version, name), both in sorted(texts.items()))


def migrate(url: str) -> tuple[Migration, ...]:
    """Apply what is missing; those that were applied, in order.

    Raises:
        SchemaError: the schema is newer than the program, or an applied migration was changed.
        StoreUnavailable: the database does not answer.
    """
    known = migrations()
    with _connected(url) as connection:
        _check_owner(connection)
        connection.execute(_TABLE)
        missing = _missing(known, _applied(connection))
        for step in missing:
            with _step(connection, step):
                _execute(connection, step.up)
                connection.execute(
                    "INSERT INTO arf.schema_migration (version, name, digest) VALUES (%s, %s, %s)",
                    [step.version, step.name, step.digest],
                )
    return missing


def migrate_down(url: str, *, to: int = 0) -> tuple[Migration, ...]:
    """Take back every migration above version ``to``; for tests and for a rollback to an older program."""
    known = migrations()
    with _connected(url) as connection:
        applied = _applied(connection)
        _missing(known, applied)  # rules 2 and 3
        versions = {version for version, _ in applied if version > to}
        done = tuple(step for step in reversed(known) if step.version in versions)
        for step in done:
            with _step(connection, step):
                _execute(connection, step.down)
                connection.execute("DELETE FROM arf.schema_migration WHERE version = %s", [step.version])
        if to == 0:  # rule 5
            connection.execute("DROP TABLE arf.schema_migration")
            connection.execute("DROP SCHEMA arf")
    return done


def check(url: str) -> None:
    """Nothing if the schema is exactly this program's.

    Raises:
        SchemaError: it is older, newer, or was made from other migrations.
    """
    with _connected(url) as connection:
        missing = _missing(migrations(), _applied(connection))
    if missing:
        raise SchemaError(f"the schema lacks {missing[0].version:04d}_{missing[0].name}: run `arf-enterprise migrate`")


def _migration(version: int, name: str, both: dict[str, str]) -> Migration:
    if set(both) != {"up", "down"}:
        raise ValueError(f"migration {version:04d}_{name} needs an up and a down file")
    return Migration(version=version, name=name, up=both["up"], down=both["down"])


def _missing(known: Sequence[Migration], applied: Sequence[tuple[int, str]]) -> tuple[Migration, ...]:
    digests = {step.version: step for step in known}
    for version, digest in applied:
        if version not in digests:  # rule 3
            raise SchemaError(f"the schema has version {version:04d}, which this program does not know: it is newer")
        if digests[version].digest != digest:  # rule 2
            raise SchemaError(f"migration {version:04d}_{digests[version].name} was changed after it was applied")
    done = {version for version, _ in applied}
    return tuple(step for step in known if step.version not in done)


def _applied(connection: psycopg.Connection[tuple[object, ...]]) -> list[tuple[int, str]]:
    try:
        rows = connection.execute("SELECT version, digest FROM arf.schema_migration ORDER BY version").fetchall()
    except (errors.UndefinedTable, errors.InvalidSchemaName) as error:
        raise SchemaError("the database has no ARF schema: run `arf-enterprise migrate`") from error
    except errors.InsufficientPrivilege as error:
        login = connection.info.user
        raise SchemaError(f"the login {login} may not read the schema arf: GRANT arf_app TO {login}") from error
    return [(cast(int, version), str(digest)) for version, digest in rows]


def _execute(connection: psycopg.Connection[tuple[object, ...]], text: str) -> None:
    connection.execute(text)  # package data, not input


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with translated():
        options = f"-c lock_timeout={LOCK_S * 1000:.0f} -c timezone=UTC"
        with psycopg.connect(url, autocommit=True, connect_timeout=10, options=options) as connection:
            try:
                connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])  # rule 1
            except errors.LockNotAvailable as error:
                raise StoreUnavailable(
                    "another arf-enterprise migrates this database: wait until it is done"
                ) from error
            yield connection


@contextmanager
def _step(connection: psycopg.Connection[tuple[object, ...]], step: Migration) -> Iterator[None]:
    """One migration, whole or not at all."""
    try:
        with connection.transaction():
            yield
    except errors.LockNotAvailable as error:
        raise StoreUnavailable(
            f"{step.version:04d}_{step.name} waited too long for a table in use: stop the servers and migrate again"
        ) from error
    except (psycopg.ProgrammingError, psycopg.DataError, psycopg.IntegrityError, psycopg.NotSupportedError) as error:
        raise SchemaError(
            f"{step.version:04d}_{step.name} was refused, and nothing of it was kept: {error.diag.message_primary}"
        ) from error


def _check_owner(connection: psycopg.Connection[tuple[object, ...]]) -> None:  # rule 4
    """Nothing, if the login can migrate.

    Raises:
        SchemaError: it lacks a right; the message has the statement that gives it.
    """
    row = connection.execute(queries()["owner_lacks"].text).fetchone()
    lacks = cast(list[str], row[0]) if row else []
    if lacks:
        raise SchemaError(
            f"the login {connection.info.user} may not migrate this database: as a superuser run {' '.join(lacks)}"
        )
