# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The file that describes the identity provider: read strictly; and who its tokens are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from arf_enterprise.errors import SettingError
from arf_enterprise.identity.claims import principal_of
from arf_enterprise.identity.principal import Role
from arf_enterprise.identity.provider import ALGORITHMS, Provider, load_provider

NOW = datetime(2026, 1, 2, tzinfo=UTC)
LEAST = """
issuer: https://id.example.com
audience: arf
people_clients: [arf-console]
roles: {sre: [operator], leads: [approver, viewer]}
"""


def load(folder: Path, text: str) -> Provider:
    file = folder / "oidc.yaml"
    file.write_text(text, encoding="utf-8")
    return load_provider(file)


def test_what_the_file_does_not_say_has_a_safe_default(tmp_path: Path) -> None:
    found = load(tmp_path, LEAST)
    assert found.roles == {"sre": {Role.OPERATOR}, "leads": {Role.APPROVER, Role.VIEWER}}
    assert found.algorithms == ALGORITHMS
    assert found.skew == timedelta(seconds=60)
    assert (found.roles_claim, found.tenants_claim, found.token_type, found.ca_file) == ("roles", None, None, None)


def test_the_same_as_json_is_read(tmp_path: Path) -> None:
    json = '{"issuer": "https://id.example.com", "audience": "arf", "people_clients": ["arf-console"], "roles": {}}'
    assert load(tmp_path, json).people_clients == {"arf-console"}


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("unknown: 1", "unknown"),
        ("algorithms: [HS256]", "algorithms"),
        ("algorithms: [none]", "algorithms"),
        ("algorithms: []", "algorithms"),
        ("skew_seconds: 301", "skew_seconds"),
        ("skew_seconds: -1", "skew_seconds"),
        ("skew_seconds: true", "skew_seconds"),
        ("audience: second", "second time"),
        ("roles_claim: 7", "roles_claim"),
        ("tenants_claim: []", "tenants_claim"),
    ],
)
def test_a_setting_that_is_wrong_is_named(tmp_path: Path, more: str, says: str) -> None:
    with pytest.raises(SettingError, match=says):
        load(tmp_path, LEAST + more)


@pytest.mark.parametrize(
    "issuer",
    [
        "http://id.example.com",
        "id.example.com",
        "ftp://id.example.com",
        "https://",
        "https://user:password@id.example.com",
        "https://id.example.com?x=1",
        "https://id.example.com#x",
        "http://127.0.0.1.example.com",
    ],
)
def test_an_issuer_that_could_be_read_or_forged_on_the_way_is_refused(tmp_path: Path, issuer: str) -> None:
    with pytest.raises(SettingError, match="https"):
        load(tmp_path, LEAST.replace("https://id.example.com", issuer))


def test_a_role_that_there_is_not_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="'root' is no role"):
        load(tmp_path, LEAST.replace("operator", "root"))


@pytest.mark.parametrize("key", ["issuer", "audience", "people_clients", "roles"])
def test_what_is_needed_is_named(tmp_path: Path, key: str) -> None:
    text = "\n".join(line for line in LEAST.splitlines() if not line.startswith(key))
    with pytest.raises(SettingError, match=key):
        load(tmp_path, text)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"none\.yaml"):
        load_provider(tmp_path / "none.yaml")


PROVIDER = Provider(
    issuer="https://id.example.com",
    audience="arf",
    people_clients=frozenset({"arf-console", "arf-cli"}),
    roles={role.value: frozenset({role}) for role in Role},
    tenants_claim="arf_tenants",
)
EVERY_ROLE = [role.value for role in Role]


@pytest.mark.promise("SRV-2")
@pytest.mark.parametrize(
    ("claims", "is_agent"),
    [
        ({"sub": "alice", "client_id": "arf-console"}, False),
        ({"sub": "alice", "azp": "arf-cli"}, False),
        ({"sub": "alice", "azp": "arf-cli", "client_id": "arf-cli"}, False),
        ({"sub": "robot", "client_id": "robot"}, True),
        ({"sub": "arf-console", "client_id": "arf-console"}, True),
        ({"sub": "alice"}, True),
        ({"sub": "alice", "azp": "arf-console", "client_id": "robot"}, True),
        ({"sub": "service-account-uuid", "azp": "robot"}, True),
        ({"sub": "alice", "azp": 7}, True),
    ],
)
def test_only_who_logged_in_through_a_clients_of_people_is_one(claims: dict[str, object], is_agent: bool) -> None:
    found = principal_of({**claims, "roles": EVERY_ROLE}, PROVIDER, is_multi_tenant=False)
    assert found.is_agent is is_agent
    assert (Role.APPROVER in found.roles, Role.ADMIN in found.roles) == (not is_agent, not is_agent)
    assert Role.OPERATOR in found.roles


@pytest.mark.parametrize("claim", [None, [], ["strangers"], "strangers", 7, {"admin": True}, [["admin"]], [7]])
def test_a_group_that_is_not_listed_gives_nothing(claim: object) -> None:
    claims = {"sub": "alice", "azp": "arf-console", "roles": claim}
    assert principal_of(claims, PROVIDER, is_multi_tenant=False).roles == frozenset()


def test_one_group_as_a_plain_text_counts() -> None:
    claims = {"sub": "alice", "azp": "arf-console", "roles": "auditor"}
    assert principal_of(claims, PROVIDER, is_multi_tenant=False).roles == {Role.AUDITOR}


@pytest.mark.promise("SRV-3")
def test_tenants_are_those_of_the_claim_and_of_nothing_else() -> None:
    claims = {"sub": "alice", "azp": "arf-console", "arf_tenants": ["acme", 7]}
    assert principal_of(claims, PROVIDER, is_multi_tenant=True).tenants == {"acme"}
    assert principal_of({"sub": "a", "azp": "x"}, PROVIDER, is_multi_tenant=True).tenants == frozenset()
    assert principal_of(claims, PROVIDER, is_multi_tenant=False).tenants == {"default"}
