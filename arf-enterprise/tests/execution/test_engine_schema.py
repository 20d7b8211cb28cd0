# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The schema ``dbos`` is under no tenant's protection: it has the ids of runs, and nothing of what they are about."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest
from psycopg import sql

from arf_enterprise.execution.run import Status
from lib.governed import World

TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'dbos' AND table_type = 'BASE TABLE'"


def kept(url: str) -> str:
    """Everything that the schema has, as text; what is in base64 also as what it is of."""
    with psycopg.connect(url) as connection:
        names = [str(row[0]) for row in connection.execute(TABLES)]
        tables = [sql.SQL("SELECT * FROM dbos.{}").format(sql.Identifier(name)) for name in names]
        values = [value for table in tables for row in connection.execute(table) for value in row]
    return "\n".join(text for value in values for text in readings(value))


def readings(value: object) -> Iterator[str]:
    if isinstance(value, (bytes, memoryview)):
        yield bytes(value).decode("latin-1")
        return
    yield str(value)
    with suppress(binascii.Error, ValueError):
        yield base64.b64decode(str(value), validate=True).decode("latin-1")


def test_what_is_in_base64_is_read_too() -> None:
    assert list(readings(base64.b64encode(b"it is the shop").decode()))[1] == "it is the shop"
    assert list(readings(b"shop")) == ["shop"]


@pytest.mark.promise("SRV-3")
@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("action", ["restart_container", "rollback"])
def test_after_a_run_the_engine_knows_its_id_and_nothing_of_what_it_was_about(world: World, action: str) -> None:
    run = world.submit(action)
    found = world.reached(run, Status.SUCCEEDED, Status.PENDING_APPROVAL)
    if action == "restart_container":
        world.app.intake.roll_back(run.execution_id, reason="it was not that", by=world.caller())
        world.ended(run)
    text = kept(world.app.database.url)
    assert run.execution_id in text
    intent = world.intent(action)
    for secret in (
        intent.component, intent.justification, intent.action, "incident-", "it was not that", str(found["digest"]),
        str(found["intent_id"]), world.running.password, str(world.running.socket),
        world.caller().principal.subject, "slow-responses",
    ):  # fmt: skip
        assert secret not in text, secret
