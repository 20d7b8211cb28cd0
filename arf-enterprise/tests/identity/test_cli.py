# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise keys`` and ``tenants``, as commands, on a real database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from arf_enterprise.errors import NotAuthenticated
from arf_enterprise.identity import keys
from arf_enterprise.identity.key import Key
from arf_enterprise.testing import FreshDatabases

KEY_ID = "key_" + "0" * 32


class Installation:
    """Commands of one installation."""

    def __init__(self, postgres: FreshDatabases, folder: Path) -> None:
        self.postgres, self.name = postgres, postgres.fresh()
        kept = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
        self._environment = {**kept, "ARF_DATA": str(folder), "ARF_DATABASE_URL": postgres.url(self.name)}

    def run(self, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "arf_enterprise.cli", *arguments],
            env=self._environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def json(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run(*arguments, "--json", code=code))
        return found

    def known(self, text: str) -> tuple[Key, ...]:
        with self.postgres.database(self.name) as database:
            return keys.known(database, text, now=datetime.now(UTC))


@pytest.fixture
def arf(postgres: FreshDatabases, tmp_path: Path) -> Installation:
    return Installation(postgres, tmp_path)


@pytest.mark.promise("SRV-2")
def test_the_first_admins_key_is_made_on_the_machine_and_ends_there(arf: Installation) -> None:
    made = arf.json("keys", "create", "--for", "alice@example.com", "--role", "admin", "--days", "7")
    (key,) = arf.known(made["key"])
    assert (key.subject, sorted(key.roles), key.tenant) == ("alice@example.com", ["admin"], "default")
    (listed,) = arf.json("keys", "list")["keys"]
    assert listed["key_id"] == made["key_id"] == key.key_id
    assert made["key"] not in json.dumps(listed)
    assert key.key_id in arf.run("keys", "list")
    assert arf.json("keys", "revoke", key.key_id)["key_id"] == key.key_id
    with pytest.raises(NotAuthenticated, match="revoked"):
        arf.known(made["key"])
    assert "revoked 2" in arf.run("keys", "list")


def test_quiet_prints_the_key_alone(arf: Installation) -> None:
    text = arf.run("keys", "create", "--for", "bob", "--role", "viewer", "--role", "operator", "--quiet")
    (key,) = arf.known(text.strip())
    assert text.count("\n") == 1
    assert sorted(key.roles) == ["operator", "viewer"]


@pytest.mark.promise("SRV-2")
def test_an_agents_key_is_narrow_and_never_an_approvers(arf: Installation) -> None:
    options = ["keys", "create", "--for", "robot", "--agent"]
    made = arf.json(*options, "--role", "operator", "--only", "me.read", "--only", "license.read")
    assert (made["is_agent"], made["operations"]) == (True, ["license.read", "me.read"])
    refused = arf.json(*options, "--role", "approver", code=6)
    assert refused["error"]["code"] == "ARF-E-6001"


@pytest.mark.promise("SRV-3")
def test_tenants_are_added_once_and_keys_made_for_them(arf: Installation) -> None:
    assert arf.json("tenants", "add", "initech")["tenant"] == "initech"
    assert "initech" in arf.json("tenants", "list")["tenants"]
    assert arf.json("tenants", "add", "initech", code=3)["error"]["code"] == "ARF-E-4000"
    made = arf.json("keys", "create", "--for", "al", "--role", "admin", "--tenant", "initech", "--tenant", "acme")
    assert made["tenants"] == ["acme", "initech"]
    assert arf.json("keys", "list")["keys"] == []
    arf.run("keys", "revoke", made["key_id"], "--tenant", "acme")
    assert [key.tenant for key in arf.known(made["key"])] == ["initech"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["keys", "create", "--for", "a", "--role", "root"], 6, "root"),
        (["keys", "create", "--for", "a", "--role", "viewer", "--only", "everything"], 6, "everything"),
        (["keys", "create", "--for", " ", "--role", "viewer"], 6, "subject"),
        (["keys", "create", "--for", "a", "--role", "viewer", "--days", "0"], 6, "days"),
        (["keys", "create", "--for", "a", "--role", "viewer", "--tenant", "nobody"], 6, "nobody"),
        (["keys", "create", "--for", "a"], 6, "role"),
        (["keys", "revoke", KEY_ID], 6, KEY_ID),
        (["tenants", "add", "Not A Name"], 6, "Not A Name"),
        (["tenants", "add", "'; DROP TABLE arf.tenant; --"], 6, "DROP"),
    ],
)
def test_what_cannot_be_is_refused_with_its_code(arf: Installation, arguments: list[str], code: int, says: str) -> None:
    assert says in arf.run(*arguments, code=code)
    json.loads(arf.run(*arguments, "--json", code=code))


def test_every_command_has_help_with_an_example(arf: Installation) -> None:
    for arguments in (
        ["keys", "create"],
        ["keys", "list"],
        ["keys", "revoke"],
        ["tenants", "add"],
        ["tenants", "list"],
        ["serve"],
    ):
        text = arf.run(*arguments, "--help")
        assert "Example: " in text
        assert "--json" in text
        assert "--quiet" in text
