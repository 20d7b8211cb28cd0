# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The schema ``dbos``, where runs wait in line: made and brought forward by the login that owns the schema.

It is DBOS's own, and DBOS migrates it. The program works on it as ``arf_app``, and cannot change it. It has the ids of
runs, and nothing of what they are about.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from arf_enterprise.errors import SchemaError, StoreUnavailable

SCHEMA = "dbos"


def migrate_engine(url: str) -> None:
    """Make the schema, or bring it to the version of the installed DBOS.

    Raises:
        SchemaError: the login may not, or the schema is newer.
    """
    from dbos import DBOS
    from sqlalchemy.exc import SQLAlchemyError

    logging.getLogger("dbos").setLevel(logging.WARNING)
    try:
        DBOS.migrate(url, schema=SCHEMA, application_role="arf_app")
    except SQLAlchemyError as error:
        raise SchemaError(
            f"the schema {SCHEMA} cannot be made or migrated: {type(error.__cause__ or error).__name__}"
        ) from error


@contextmanager
def line_reached() -> Iterator[None]:
    """What goes wrong with the line in the block becomes an error of ours.

    Raises:
        StoreUnavailable: the database does not answer, or not as it should.
    """
    from dbos import error as errors
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (errors.DBOSException, SQLAlchemyError) as error:
        raise StoreUnavailable(f"the line of runs does not answer: {type(error).__name__}") from error
