# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Psycopg's exceptions become ours: here, once.

1. What the server says may quote values (``invalid input syntax: "…"``), and what the client says may quote a piece of
   a password (a URL that was not escaped). Only texts of classes that quote names alone are passed on; for the rest
   the kind of error is named, in our own words.
2. A connection that is lost before the commit was sent has changed nothing. Lost after that, the outcome is unknown,
   and that is a class of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import errors
from psycopg_pool import PoolClosed, PoolTimeout

from arf_enterprise.errors import (
    ConflictError,
    EnterpriseError,
    OutcomeUnknown,
    RequestError,
    StoreError,
    StoreUnavailable,
)


@dataclass(slots=True)
class Progress:
    """How far a transaction is: whether its commit has been sent."""

    is_committing: bool = False


@contextmanager
def translated(progress: Progress | None = None) -> Iterator[None]:
    """What goes wrong inside is raised as one of ours.

    Raises:
        ConflictError: another transaction was quicker, or something of that name is there already.
        OutcomeUnknown: the connection was lost while the transaction committed.
        RequestError: a text has a NUL character.
        StoreUnavailable: the connection cannot be had or was lost, or a limit of time was reached; nothing was changed.
        StoreError: the database refused.
    """
    try:
        yield
    except psycopg.Error as error:
        raise _ours(error, is_committing=progress is not None and progress.is_committing) from error


def _ours(error: psycopg.Error, *, is_committing: bool) -> EnterpriseError:
    if isinstance(error, _CONFLICTS):
        return ConflictError(f"the database found a conflict: {_said(error)}")
    for kinds, words in _LIMITS:
        if isinstance(error, kinds):
            return StoreUnavailable(f"{words}: nothing was changed")
    if isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError)):
        if is_committing:  # rule 2
            return OutcomeUnknown("the connection was lost while the transaction committed: whether it did is unknown")
        return StoreUnavailable(f"the database does not answer ({_reason(error)}): nothing was changed")
    if isinstance(error, psycopg.DataError) and "NUL" in str(error):  # rule 3: it is psycopg's own, of no SQLSTATE
        return RequestError("a text has a NUL character, which the database cannot keep: leave it out")
    return StoreError(f"the database refused: {_said(error)}")


_CONFLICTS: Final = (
    errors.UniqueViolation,
    errors.ExclusionViolation,
    errors.SerializationFailure,
    errors.DeadlockDetected,
    errors.LockNotAvailable,
)
_LIMITS: Final[tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...]] = (
    (PoolClosed, "the pool of connections is closed"),
    (PoolTimeout, "no connection was free in time, or the database does not answer"),
    (errors.QueryCanceled, "a statement took too long and was stopped"),
    (
        (errors.IdleInTransactionSessionTimeout, errors.TransactionTimeout),
        "the transaction did nothing for too long and was ended",
    ),
    (errors.ReadOnlySqlTransaction, "the database can only be read: it is a standby, or is being moved"),
    ((errors.DiskFull, errors.OutOfMemory), "the database has no room left"),
    (errors.TooManyConnections, "the database has no connection left"),
    (errors.FeatureNotSupported, "the schema was changed under a connection, which is replaced: try again"),
)
_REASONS: Final = (
    ("password authentication failed", "it refuses the login or its password"),
    ("no password supplied", "it asks for a password, and the URL has none"),
    ("does not exist", "it has no such login or database"),
    ("refused", "nothing listens there"),
    ("resolve host", "the host is not known"),
    ("translate host", "the host is not known"),
    ("pg_hba.conf", "its pg_hba.conf does not let the login in from here"),
    ("certificate", "its certificate is not the expected one"),
    ("SSL", "TLS with it failed"),
    ("timeout", "it took too long"),
    ("too many", "it has no connection left"),
    ("starting up", "it is starting"),
    ("shutting down", "it is stopping"),
    ("recovery", "it is recovering"),
    ("permission denied for database", "the login may not connect to the database"),
)


def _reason(error: psycopg.Error) -> str:
    """Why a connection was not made or was lost, in our own words (rule 1)."""
    text = str(error)
    return next((words for sign, words in _REASONS if sign in text), "the connection was lost")


def _said(error: psycopg.Error) -> str:
    """What the server said, where that quotes names alone (rule 1): integrity, privileges, and our own triggers."""
    state = error.sqlstate or ""
    if error.diag.message_primary and (
        state.startswith("23") or state in {"42501", "P0001", "40001", "40P01", "55P03"}
    ):
        return error.diag.message_primary
    return type(error).__name__
