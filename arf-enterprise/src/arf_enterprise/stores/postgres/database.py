# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Transactions on Postgres: one tenant each, one durable commit each, by named queries only.

1. A transaction belongs to one tenant (``arf.tenant``, until it ends); row-level security shows it nothing else.
   Without a tenant it sees no tenant's rows at all.
2. The program works as a plain member of ``arf_app``. A login that is a superuser, may bypass row-level security, owns
   the tables, or can become such a role is refused: it could get past the database's own rules.
3. Foreign exceptions become ours (``translate``). A commit that the database answered with a rollback is an error.
4. What need not be answered waits for what must be: beginning (which names the tenant) goes with the first statement,
   what is to be done ``later`` with the commit, each straight to libpq. So an audit entry costs no round trip, and a
   transaction that writes nothing else has one.
5. Nothing waits for ever: connections, statements, locks and idle transactions have their time. A connection whose
   server has gone is noticed before it is lent, without a round trip, and replaced.
6. A commit is durable: a server or login that is set to answer before it has written is told otherwise.
"""

from __future__ import annotations

import itertools
import select
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import psycopg
from psycopg import errors, sql
from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

from arf_enterprise.errors import StoreError, StoreSetupError
from arf_enterprise.stores.postgres.queries import queries
from arf_enterprise.stores.postgres.remembered import Remembered
from arf_enterprise.stores.postgres.translate import Progress, translated

Row = dict[str, Any]
OLDEST: Final = 150_000
"""Postgres 15, as servers number themselves."""
CONNECT_S: Final = 10.0
STATEMENT_S: Final = 60.0
LOCK_S: Final = 10.0
IDLE_S: Final = 60.0
_DONE: Final = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)
_NUMBERS: Final = itertools.count()


@dataclass(frozen=True, slots=True)
class Transaction:
    """What can be done in a transaction. It commits at the end of its block, and rolls back if the block raises.

    ``remembered`` belongs to the database, and outlives the transaction.
    """

    _connection: psycopg.Connection[Row]
    tenant: str | None
    remembered: Remembered = field(default_factory=Remembered)
    _unsent: list[bytes] = field(default_factory=list)
    _afterwards: list[Callable[[], None]] = field(default_factory=list)

    @property
    def connection(self) -> psycopg.Connection[Row]:
        """The connection, with the transaction begun and everything done that was to be done later."""
        if self._unsent:
            _straight(self._connection, b"; ".join(self._unsent))
            self._unsent.clear()
        return self._connection

    def later(self, name: str, /, **parameters: object) -> None:
        """Run the query before the next one, or with the commit (rule 4): where it fails, so does that."""
        statement = psycopg.ClientCursor(self._connection).mogrify(queries()[name].text, parameters)
        self._unsent.append(statement.removesuffix(";").encode())

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
        with self.connection.cursor(name=f"stream_{next(_NUMBERS)}") as cursor:
            cursor.itersize = size
            yield from cursor.execute(queries()[name].text, parameters)

    def many(self, name: str, parameters: Sequence[dict[str, object]], /) -> None:
        """Run the query once for each of ``parameters``, in one round trip."""
        with self.connection.cursor() as cursor:
            cursor.executemany(queries()[name].text, parameters)

    def then(self, work: Callable[[], None]) -> None:
        """Do ``work`` after the transaction has committed; never, if it does not."""
        self._afterwards.append(work)


class Database:
    """A pool of connections to one database. Safe to share between threads."""

    def __init__(
        self,
        url: str,
        *,
        size: int = 10,
        name: str = "arf-enterprise",
        patience_s: float = CONNECT_S,
        statement_s: float = STATEMENT_S,
        lock_s: float = LOCK_S,
        idle_s: float = IDLE_S,
    ) -> None:
        """Connections to ``url``, at most ``size`` at once; none is made before :meth:`open`. Times are rule 5's."""
        self.remembered = Remembered()
        limits = {
            "statement_timeout": statement_s,
            "lock_timeout": lock_s,
            "idle_in_transaction_session_timeout": idle_s,
        }
        options = "".join(f" -c {limit}={seconds * 1000:.0f}" for limit, seconds in limits.items())
        self._connect: dict[str, Any] = {
            "row_factory": dict_row, "prepare_threshold": 2, "application_name": name,
            "connect_timeout": max(2, int(patience_s)),
            "options": f"-c search_path=arf,pg_temp -c timezone=UTC{options}",
            "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 30_000,
        }  # fmt: skip
        self._url = url
        self._pool: ConnectionPool[psycopg.Connection[Row]] = ConnectionPool(
            url,
            min_size=1,
            max_size=size,
            open=False,
            timeout=patience_s,
            kwargs=self._connect,
            configure=_make_durable,
            check=_check_alive,
        )

    @property
    def url(self) -> str:
        """Where it connects to: it has a password, and belongs in no message."""
        return self._url

    def open(self) -> None:
        """Connect.

        Raises:
            StoreUnavailable: it does not answer in time; the message says why.
            StoreSetupError: the login could get past the database's own rules (rule 2), or the server is too old.
        """
        with translated():
            with psycopg.Connection[Row].connect(self._url, **self._connect) as connection:
                _check_server(connection)
            self._pool.open()

    def close(self) -> None:
        """End every connection."""
        self._pool.close()

    def tenants(self) -> tuple[str, ...]:
        """Every tenant of the installation, by name.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        with self.transaction(None) as transaction:
            return tuple(str(row["tenant"]) for row in transaction.all("known_tenants"))

    @contextmanager
    def transaction(self, tenant: str | None) -> Iterator[Transaction]:
        """A transaction of ``tenant`` (rule 1); what it did is durable when the block has ended.

        Raises:
            OutcomeUnknown: the connection was lost while the transaction committed.
            StoreUnavailable: the connection cannot be had or was lost, or a time was up: nothing was changed.
            ConflictError: another transaction was quicker, or something of that name is there already.
            StoreError: the database refused.
        """
        unsent, afterwards = [_beginning(tenant or "")], list[Callable[[], None]]()  # rules 1 and 4
        progress = Progress()
        with translated(progress), self._pool.connection() as connection, _replaced_if_outdated(connection):
            yield Transaction(connection, tenant, self.remembered, unsent, afterwards)
            progress.is_committing = True
            if _straight(connection, b"; ".join((*unsent, b"COMMIT"))) != b"COMMIT":  # rule 3
                raise StoreError("the database rolled the transaction back: a statement before had failed")
        for work in afterwards:
            work()


@contextmanager
def _replaced_if_outdated(connection: psycopg.Connection[Row]) -> Iterator[None]:
    """What a connection has prepared may be for a schema of before: such a one is not lent again."""
    try:
        yield
    except errors.FeatureNotSupported:
        connection.close()
        raise


@lru_cache(maxsize=1000)
def _beginning(tenant: str) -> bytes:
    return sql.SQL("BEGIN; SELECT set_config('arf.tenant', {}, true)").format(sql.Literal(tenant)).as_bytes()


def _straight(connection: psycopg.Connection[Row], command: bytes) -> bytes:
    """Run ``command``; what the server says it has done."""
    result = connection.pgconn.exec_(command)
    if result.status not in _DONE:
        state = (result.error_field(DiagnosticField.SQLSTATE) or b"").decode()
        primary = (result.error_field(DiagnosticField.MESSAGE_PRIMARY) or result.error_message or b"").decode()
        raise _error_of(state)(primary)
    return result.command_status or b""


def _error_of(state: str) -> type[psycopg.Error]:
    try:
        return errors.lookup(state)
    except KeyError:
        return psycopg.OperationalError


def _make_durable(connection: psycopg.Connection[Row]) -> None:  # rule 6
    connection.execute(queries()["commit_durably"].text)
    connection.commit()


def _check_alive(connection: psycopg.Connection[Row]) -> None:
    """Read what came unasked: from a server that has gone, that is the end of the connection (rule 5)."""
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    while waiting.poll(0):
        connection.pgconn.consume_input()


def _check_server(connection: psycopg.Connection[Row]) -> None:  # rule 2
    if (version := connection.info.server_version) < OLDEST:
        raise StoreSetupError(f"the database is Postgres {version // 10_000}: 15 or newer is needed")
    found = connection.execute(queries()["login_privileges"].text).fetchone() or {}
    if found["encoding"] != "UTF8":
        raise StoreSetupError(f"the database is encoded in {found['encoding']}: make one with ENCODING 'UTF8'")
    login = connection.info.user
    if found["too_much"]:
        raise StoreSetupError(
            f"the login {login} may get past row-level security and the grants: it {', '.join(found['too_much'])}. "
            "Serve with a plain member of arf_app: CREATE ROLE arf_serve LOGIN PASSWORD '…' IN ROLE arf_app"
        )
    if not found["is_member"]:
        raise StoreSetupError(f"the login {login} does not have the rights of arf_app: GRANT arf_app TO {login}")
