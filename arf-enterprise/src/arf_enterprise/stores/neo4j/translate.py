# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The driver's exceptions become ours: here, once.

What a server says may quote values or statements, so none of it is passed on: the kind of error is named in our words,
and a code of Neo4j, which is made of names alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from neo4j import exceptions

from arf_enterprise.errors import EnterpriseError, StoreError, StoreSetupError, StoreUnavailable

_REFUSED = (exceptions.AuthError, exceptions.Forbidden, exceptions.ConfigurationError)
_AWAY = (
    exceptions.ServiceUnavailable,
    exceptions.SessionExpired,
    exceptions.ConnectionAcquisitionTimeoutError,
    exceptions.TransientError,
)


@contextmanager
def translated() -> Iterator[None]:
    """What goes wrong inside is raised as one of ours.

    Raises:
        StoreUnavailable: Neo4j does not answer, or not in time. What is written can be written again.
        StoreSetupError: it does not take the login.
        StoreError: it refused.
    """
    try:
        yield
    except (exceptions.Neo4jError, exceptions.DriverError) as error:
        raise _ours(error) from error
    except (OSError, TimeoutError) as error:
        raise StoreUnavailable("Neo4j does not answer: look whether it runs, and at NEO4J_URI") from error


def _ours(error: Exception) -> EnterpriseError:
    if isinstance(error, _REFUSED) or "AuthenticationRateLimit" in _code(error):
        return StoreSetupError("Neo4j does not take the login: look at NEO4J_USER and NEO4J_PASSWORD")
    if isinstance(error, _AWAY):
        return StoreUnavailable("Neo4j does not answer: look whether it runs, and at NEO4J_URI")
    return StoreError(f"Neo4j refused: {_code(error) or type(error).__name__}")


def _code(error: Exception) -> str:
    return str(getattr(error, "code", None) or "")
