# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Transactions on Postgres: one tenant each, one durable commit each, by named queries only.

1. A transaction belongs to one tenant (``arf.tenant``, until it ends); row-level security shows it nothing else.
   Without a tenant it sees no tenant's rows at all.
2. The program works as a plain member of ``arf_app``. A login that is a superuser, may bypass row-level security, or
   owns the tables is refused: it could get past the database's own rules.
3. Foreign exceptions become ours here, once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from arf_enterprise.errors import ConflictError, StoreError, StoreSetupError, StoreUnavailable
from arf_enterprise.stores.postgres.queries import queries

Row = dict[str, Any]
CONNECT_S: Final = 10.0
_CONFLICTS: Final = (
    psycopg.errors.UniqueViolation,
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
)


@dataclass(frozen=True, slots=True)
class Transaction:
    """What can be done in a transaction. It commits at the end of its block, and rolls back if the block raises."""

    connection: psycopg.Connection[Row]
    tenant: str | None

    def run(self, name: str, /, **parameters: object) -> int:
        """Run the query; the number of rows it touched."""
        return self.connection.execute(queries()[name].text, parameters).rowcount

    def one(self, name: str, /, **parameters: object) -> Row:
        """The one row of the query.

        Raises:
            StoreError: there is none.
        """
        if (row := self.maybe(name, **parameters)) is None:
            raise StoreError(f"the query {name} found nothing")
        return row

    def maybe(self, name: str, /, **parameters: object) -> Row | None:
        """The first row of the query, None if there is none."""
        return self.connection.execute(queries()[name].text, parameters).fetchone()

    def all(self, name: str, /, **parameters: object) -> Sequence[Row]:
        """Every row of the query."""
        return self.connection.execute(queries()[name].text, parameters).fetchall()

    def stream(self, name: str, /, *, size: int = 1000, **parameters: object) -> Iterator[Row]:
        """The rows of the query one by one, ``size`` of them fetched at a time: memory stays bounded."""
        with self.connection.cursor(name=f"stream_{name}") as cursor:
            cursor.itersize = size
            yield from cursor.execute(queries()[name].text, parameters)

    def many(self, name: str, parameters: Sequence[dict[str, object]], /) -> None:
        """Run the query once for each of ``parameters``, in one round trip."""
        with self.connection.cursor() as cursor:
            cursor.executemany(queries()[name].text, parameters)


class Database:
    """A pool of connections to one database. Safe to share between threads."""

    def __init__(self, url: str, *, size: int = 10, name: str = "arf-enterprise") -> None:
        """Connections to ``url``, at most ``size`` at once; none is made before :meth:`open`."""
        self._pool: ConnectionPool[psycopg.Connection[Row]] = ConnectionPool(
            url,
            min_size=1,
            max_size=size,
            open=False,
            timeout=CONNECT_S,
            kwargs={
                "row_factory": dict_row, "application_name": name, "connect_timeout": int(CONNECT_S),
                "options": "-c search_path=arf -c timezone=UTC -c idle_in_transaction_session_timeout=60s",
            },
            configure=_checked,
        )  # fmt: skip

    def open(self) -> None:
        """Connect.

        Raises:
            StoreUnavailable: it does not answer in time.
            StoreSetupError: the login could get past the database's own rules (rule 2).
        """
        with _translated():
            self._pool.open()
            with self._pool.connection() as connection:
                _refuse_privileged(connection)

    def close(self) -> None:
        """End every connection."""
        self._pool.close()

    @contextmanager
    def transaction(self, tenant: str | None) -> Iterator[Transaction]:
        """A transaction of ``tenant`` (rule 1); what it did is durable when the block has ended.

        Raises:
            StoreUnavailable: the connection cannot be had or was lost: whether it committed is unknown.
            ConflictError: another transaction was quicker, or something of that name is there already.
            StoreError: the database refused.
        """
        with _translated(), self._pool.connection() as connection, connection.transaction():
            connection.execute("SELECT set_config('arf.tenant', %s, true)", [tenant or ""])
            yield Transaction(connection, tenant)


@contextmanager
def _translated() -> Iterator[None]:  # rule 3
    try:
        yield
    except _CONFLICTS as error:
        raise ConflictError(f"the database found a conflict: {error.diag.message_primary}") from error
    except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
        raise StoreUnavailable(f"the database does not answer: {type(error).__name__}") from error
    except psycopg.Error as error:
        raise StoreError(f"the database refused: {error.diag.message_primary or type(error).__name__}") from error


def _checked(connection: psycopg.Connection[Row]) -> None:
    connection.prepare_threshold = 2


def _refuse_privileged(connection: psycopg.Connection[Row]) -> None:
    row = connection.execute(queries()["login_privileges"].text).fetchone()
    if row is None or row["is_privileged"]:
        raise StoreSetupError(
            "the database login may get past row-level security (superuser, BYPASSRLS or owner of the tables): "
            "serve with a plain login that is a member of arf_app"
        )
    if not row["is_member"]:
        raise StoreSetupError("the database login is not a member of arf_app: GRANT arf_app TO it")
