# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Brings the schema to this program's version: ``NNNN_name.up.sql`` forward, ``.down.sql`` back, each in a transaction.

1. Migrations run in the order of their numbers, each once, under an advisory lock: two servers that start together
   migrate once.
2. A migration that was applied and has changed since (its SHA-256 differs) is refused.
3. A schema that is newer than the program is refused: it may mean things the program does not know.
4. The login that migrates owns the schema; the program itself works as ``arf_app`` and cannot change it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import Final, cast

import psycopg

from arf_enterprise.errors import SchemaError, StoreUnavailable

_FILE: Final = re.compile(r"(\d{4})_(\w+)\.(up|down)\.sql")
_LOCK: Final = 0x6172665F6D696772  # "arf_migr"
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
    with _owner(url) as connection:
        missing = _missing(known, _applied(connection))
        for step in missing:
            with connection.transaction():
                _execute(connection, step.up)
                connection.execute(
                    "INSERT INTO arf.schema_migration (version, name, digest) VALUES (%s, %s, %s)",
                    [step.version, step.name, step.digest],
                )
    return missing


def migrate_down(url: str, *, to: int = 0) -> tuple[Migration, ...]:
    """Take back every migration above version ``to``; for tests and for a rollback to an older program."""
    known = {step.version: step for step in migrations()}
    with _owner(url) as connection:
        done = [known[version] for version, _ in reversed(_applied(connection)) if version > to]
        for step in done:
            with connection.transaction():
                _execute(connection, step.down)
                connection.execute("DELETE FROM arf.schema_migration WHERE version = %s", [step.version])
    return tuple(done)


def check(url: str) -> None:
    """Nothing if the schema is exactly this program's.

    Raises:
        SchemaError: it is older, newer, or was made from other migrations.
    """
    with _owner(url, make=False) as connection:
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
    except psycopg.errors.UndefinedTable as error:
        raise SchemaError("the database has no ARF schema: run `arf-enterprise migrate`") from error
    return [(cast(int, version), str(digest)) for version, digest in rows]


def _execute(connection: psycopg.Connection[tuple[object, ...]], text: str) -> None:
    connection.execute(text)  # package data, not input


@contextmanager
def _owner(url: str, *, make: bool = True) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])  # rule 1
            if make:
                connection.execute(_TABLE)
            yield connection
    except psycopg.OperationalError as error:
        raise StoreUnavailable(f"the database does not answer: {type(error).__name__}") from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise SchemaError(f"the login may not do this: {error.diag.message_primary}") from error
