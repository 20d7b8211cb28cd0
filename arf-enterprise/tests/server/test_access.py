# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Getting in over HTTP: keys, tokens of a real provider, tenants, throttling; and what is recorded of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from arf_enterprise.identity.access import Access, Asked, Tokens
from arf_enterprise.identity.attempts import BURST, EVERY_S
from arf_enterprise.identity.jwks import APART_S, ProviderKeys, http_fetch
from arf_enterprise.identity.principal import Role
from arf_enterprise.identity.roles import Operation
from arf_enterprise.identity.testing import LocalProvider, local_provider, signing_key
from arf_enterprise.server.settings import ServerSettings
from arf_enterprise.server.testing import Clock, Served, app_on, served
from arf_enterprise.stores.postgres.database import Database

ME = "/api/v1/me"


def entries(served_: Served, tenant: str = "default", action: str | None = None) -> list[dict[str, Any]]:
    with served_.app.database.transaction(tenant) as transaction:
        rows = transaction.connection.execute("SELECT body FROM audit_entry ORDER BY xid, position").fetchall()
    found = [json.loads(row["body"]) for row in rows]
    return [entry for entry in found if action is None or entry["action"] == action]


def spoilt(text: str) -> str:
    """The same key with another secret."""
    return text[:-1] + ("A" if text[-1] != "A" else "B")


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


@pytest.fixture
def provider() -> Iterator[LocalProvider]:
    with local_provider() as found:
        yield found


@pytest.fixture
def with_tokens(database: Database, tmp_path: Path, clock: Clock, provider: LocalProvider) -> Iterator[Served]:
    """A server of several tenants that takes the provider's tokens."""
    keys = ProviderKeys(provider.settings(), fetch=http_fetch(), seconds=clock.seconds)
    tokens = Tokens(provider=provider.settings(), keys=keys)
    with served(app_on(database, tmp_path, clock=clock, is_multi_tenant=True, tokens=tokens), clock) as found:
        yield found


@pytest.mark.promise("SRV-2")
def test_a_key_is_somebody(single: Served) -> None:
    told = single.client.get(ME, headers=single.bearer(Role.OPERATOR)).json()
    assert (told["subject"], told["method"], told["roles"], told["tenant"]) == (
        "alice", "api_key", ["operator"], "default",
    )  # fmt: skip


@pytest.mark.promise("SRV-2")
def test_a_revoked_key_is_refused_from_the_next_request_on(single: Served) -> None:
    text = single.key(Role.VIEWER)
    key_id = single.client.get(ME, headers=bearer(text)).json()["key_id"]
    revoked = single.client.post(f"/api/v1/keys/{key_id}/revoke", headers=single.bearer(Role.ADMIN))
    assert revoked.status_code == 200
    answer = single.client.get(ME, headers=bearer(text))
    assert answer.status_code == 401
    assert "revoked" in answer.json()["error"]["message"]
    assert answer.headers["www-authenticate"] == 'Bearer realm="arf"'


@pytest.mark.promise("SRV-2")
def test_an_expired_key_is_refused(single: Served) -> None:
    text = single.key(Role.VIEWER, days=1)
    single.clock.now += timedelta(days=1)
    assert single.client.get(ME, headers=bearer(text)).status_code == 401


@pytest.mark.promise("SRV-2")
def test_a_thousand_wrong_keys_are_throttled_and_the_log_stays_small(single: Served) -> None:
    wrong = [spoilt(single.key(Role.VIEWER))] * 500 + ["guess"] * 500
    answers = [single.client.get(ME, headers=bearer(text)) for text in wrong]
    assert [answer.status_code for answer in answers] == [401] * BURST + [429] * (1000 - BURST)
    assert answers[-1].json()["error"]["code"] == "ARF-E-3004"
    assert int(answers[-1].headers["retry-after"]) == EVERY_S
    refused = entries(single, action="login.refused")
    assert len(refused) == BURST
    assert [entry["details"]["has_to_wait"] for entry in refused] == [False] * (BURST - 1) + [True]


@pytest.mark.promise("SRV-2")
def test_who_waited_may_try_again(single: Served) -> None:
    good = single.key(Role.VIEWER)
    for _ in range(BURST):
        assert single.client.get(ME, headers=bearer(spoilt(good))).status_code == 401
    assert single.client.get(ME, headers=bearer(good)).status_code == 429
    single.clock.passed += EVERY_S
    assert single.client.get(ME, headers=bearer(good)).status_code == 200


@pytest.mark.promise("SRV-2")
def test_nobody_locks_the_owner_of_a_key_out_by_failing_in_its_name_from_elsewhere(
    database: Database, tmp_path: Path, clock: Clock, single: Served
) -> None:
    app = app_on(database, tmp_path, clock=clock)
    good = single.key(Role.VIEWER)
    statuses = [refused(app.access, spoilt(good), f"192.0.2.{number % 250}") for number in range(40)]
    assert statuses == ["ARF-E-3001"] * BURST + ["ARF-E-3004"] * (40 - BURST)
    assert len(entries(single, action="login.refused")) == BURST
    asked = Asked(authorization=f"Bearer {good}", tenant=None, client="198.51.100.1", request_id="r")
    assert app.access.identify(asked).principal.subject == "alice"


def refused(access: Access, text: str, client: str) -> str:
    from arf_enterprise.errors import AccessError

    with pytest.raises(AccessError) as raised:
        access.identify(Asked(authorization=f"Bearer {text}", tenant=None, client=client, request_id="r"))
    return raised.value.code


@pytest.mark.promise("AUD-1")
def test_a_refused_login_is_recorded_with_its_reason_and_without_the_key(single: Served) -> None:
    text = spoilt(single.key(Role.VIEWER))
    single.client.get(ME, headers={**bearer(text), "X-Request-ID": "the-request"})
    (entry,) = entries(single, action="login.refused")
    key_id = "_".join(text.split("_")[1:3])
    assert (entry["object"], entry["request_id"]) == (f"key/{key_id}", "the-request")
    assert "wrong" in entry["details"]["because"]
    assert text.split("_", 3)[3] not in json.dumps(entry)
    assert "127.0.0.1" not in json.dumps(entry)
    assert entry["sealed"]


@pytest.mark.promise("AUD-1")
def test_a_refused_permission_is_recorded_as_its_callers(single: Served) -> None:
    answer = single.client.get("/api/v1/keys", headers=single.bearer(Role.VIEWER))
    assert answer.status_code == 403
    (entry,) = entries(single, action="access.refused")
    assert entry["object"] == "operation/keys.list"
    assert entry["actor"]["method"] == "api_key"
    assert entry["details"]["key_id"].startswith("key_")


@pytest.mark.promise("AUD-1")
def test_a_caller_that_asks_a_thousand_times_for_what_it_may_not_do_does_not_fill_the_log(single: Served) -> None:
    key = single.bearer(Role.VIEWER)
    statuses = [single.client.get("/api/v1/keys", headers=key).status_code for _ in range(1000)]
    assert statuses == [403] * BURST + [429] * (1000 - BURST)
    assert len(entries(single, action="access.refused")) == BURST
    assert single.client.get(ME, headers=key).status_code == 200


@pytest.mark.promise("AUD-1")
def test_what_cannot_be_recorded_lets_nobody_in(single: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    from arf_enterprise.errors import StoreUnavailable
    from arf_enterprise.identity import access

    def fail(*_: object) -> str:
        raise StoreUnavailable("the database does not answer")

    key = single.bearer(Role.VIEWER)
    monkeypatch.setattr(access, "append", fail)
    assert single.client.get("/api/v1/keys", headers=key).status_code == 503
    assert single.client.get(ME, headers=bearer("wrong")).status_code == 503


@pytest.mark.parametrize(
    "value",
    ["", "Bearer", "Basic YTpi", "bearer", "Token x", "Bearer a b", "Bearer " + "x" * 20_000],
)
def test_a_header_that_carries_no_key_is_refused(single: Served, value: str) -> None:
    assert single.client.get(ME, headers={"Authorization": value}).status_code == 401


def test_two_authorization_headers_are_as_good_as_none(single: Served) -> None:
    good = f"Bearer {single.key(Role.VIEWER)}"
    headers = [("Authorization", good), ("Authorization", good)]
    assert single.client.get(ME, headers=headers).status_code == 401


def test_a_key_in_the_address_or_a_cookie_is_not_looked_at(single: Served) -> None:
    text = single.key(Role.VIEWER)
    assert single.client.get(f"{ME}?key={text}&access_token={text}").status_code == 401
    assert single.client.get(ME, headers={"Cookie": f"key={text}", "X-API-Key": text}).status_code == 401


@pytest.mark.promise("SRV-3")
def test_one_tenant_is_default_without_asking_and_no_other(single: Served) -> None:
    key = single.bearer(Role.VIEWER)
    assert single.client.get(ME, headers=key).json()["tenant"] == "default"
    assert single.client.get(ME, headers={**key, "X-ARF-Tenant": "default"}).status_code == 200
    for other in ("acme", "", "DEFAULT", "default,acme"):
        assert single.client.get(ME, headers={**key, "X-ARF-Tenant": other}).status_code == 403


@pytest.mark.promise("SRV-3")
def test_a_key_of_another_tenant_is_no_key_of_a_single_tenant_installation(single: Served) -> None:
    assert single.client.get(ME, headers=single.bearer(Role.ADMIN, tenants=("acme",))).status_code == 403


@pytest.mark.promise("SRV-3")
def test_the_only_tenant_of_a_key_need_not_be_named(several: Served) -> None:
    key = several.bearer(Role.VIEWER, tenants=("acme",))
    assert several.client.get(ME, headers=key).json()["tenant"] == "acme"


@pytest.mark.promise("SRV-3")
def test_a_missing_tenant_is_refused_where_there_are_several(several: Served) -> None:
    key = several.bearer(Role.VIEWER, tenants=("acme", "globex"))
    answer = several.client.get(ME, headers=key)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "ARF-E-3003")
    for tenant in ("acme", "globex"):
        told = several.client.get(ME, headers={**key, "X-ARF-Tenant": tenant}).json()
        assert (told["tenant"], told["tenants"]) == (tenant, ["acme", "globex"])


@pytest.mark.promise("SRV-3")
def test_a_foreign_tenant_is_refused_as_one_that_does_not_exist(several: Served) -> None:
    key = several.bearer(Role.ADMIN, tenants=("acme",))
    said = []
    for tenant in ("globex", "nobody"):
        answer = several.client.get(ME, headers={**key, "X-ARF-Tenant": tenant})
        assert answer.status_code == 403
        said.append(answer.json()["error"]["message"].replace(tenant, "…"))
    assert said[0] == said[1]
    assert len(entries(several, "acme", "login.refused")) == 2
    assert entries(several, "globex") == []


@pytest.mark.promise("SRV-3")
def test_roles_are_those_of_the_tenant_that_is_asked_for(several: Served) -> None:
    admin_of_acme = several.bearer(Role.ADMIN, tenants=("acme",))
    made = several.client.post(
        "/api/v1/keys", headers=admin_of_acme, json={"subject": "bob", "roles": ["viewer"]}
    ).json()
    assert made["tenant"] == "acme"
    listed = several.client.get("/api/v1/keys", headers=several.bearer(Role.ADMIN, tenants=("globex",))).json()
    assert [key["tenant"] for key in listed["keys"]] == ["globex"]


@pytest.mark.promise("SRV-3")
def test_an_admin_ends_no_key_of_another_tenant(several: Served) -> None:
    theirs = several.key(Role.VIEWER, tenants=("globex",))
    key_id = "_".join(theirs.split("_")[1:3])
    answer = several.client.post(f"/api/v1/keys/{key_id}/revoke", headers=several.bearer(Role.ADMIN, tenants=("acme",)))
    assert answer.status_code == 404
    assert several.client.get(ME, headers=bearer(theirs)).status_code == 200


@pytest.mark.promise("SRV-2")
def test_a_token_of_the_provider_is_somebody(with_tokens: Served, provider: LocalProvider) -> None:
    token = provider.token(now=with_tokens.clock.now, groups=["auditor"], arf_tenants=["acme"])
    told = with_tokens.client.get(ME, headers=bearer(token)).json()
    assert (told["issuer"], told["subject"], told["method"]) == (provider.issuer, "alice", "oidc")
    assert (told["roles"], told["tenant"], told["is_agent"]) == (["auditor"], "acme", False)


@pytest.mark.promise("SRV-2")
def test_a_token_by_a_key_that_rotated_in_is_taken(with_tokens: Served, provider: LocalProvider) -> None:
    def status() -> int:
        token = provider.token(now=with_tokens.clock.now, arf_tenants=["acme"])
        return with_tokens.client.get(ME, headers=bearer(token)).status_code

    assert status() == 200
    provider.rotate("RS256")
    with_tokens.clock.passed += APART_S
    assert status() == 200


@pytest.mark.promise("SRV-2")
def test_a_token_of_a_stranger_is_refused_and_recorded(with_tokens: Served, provider: LocalProvider) -> None:
    now = with_tokens.clock.now
    for token in (
        provider.token(now=now, iss="https://other.example", arf_tenants=["acme"]),
        provider.token(now=now, aud="other", arf_tenants=["acme"]),
        provider.token(now=now, key=signing_key(), arf_tenants=["acme"]),
        provider.token(now=now - timedelta(hours=1), arf_tenants=["acme"]),
    ):
        assert with_tokens.client.get(ME, headers=bearer(token)).status_code == 401
    assert len(entries(with_tokens, "default", "login.refused")) == 4
    assert entries(with_tokens, "acme") == []


@pytest.mark.promise("SRV-3")
@pytest.mark.parametrize(
    ("claim", "header"),
    [([], None), (None, None), (["acme", "globex"], None), (["acme"], "globex"), (["nobody"], None), (["' --"], None)],
)
def test_a_token_without_a_tenant_of_its_own_that_exists_is_refused(
    with_tokens: Served, provider: LocalProvider, claim: object, header: str | None
) -> None:
    token = provider.token(now=with_tokens.clock.now, groups=["admin"], arf_tenants=claim)
    headers = bearer(token) | ({"X-ARF-Tenant": header} if header else {})
    assert with_tokens.client.get(ME, headers=headers).status_code == 403


@pytest.mark.promise("SRV-2")
def test_an_agents_token_with_an_admins_group_administers_nothing(with_tokens: Served, provider: LocalProvider) -> None:
    token = provider.token(
        now=with_tokens.clock.now, sub="robot", client_id="robot", groups=["admin", "operator"], arf_tenants=["acme"]
    )
    told = with_tokens.client.get(ME, headers=bearer(token)).json()
    assert (told["is_agent"], told["roles"]) == (True, ["operator"])
    made = with_tokens.client.post("/api/v1/keys", headers=bearer(token), json={})
    assert made.status_code == 403


@pytest.mark.promise("SRV-2")
def test_while_the_provider_is_away_keys_work_and_nobody_is_throttled(
    with_tokens: Served, provider: LocalProvider
) -> None:
    provider.broken = True
    token = provider.token(now=with_tokens.clock.now, arf_tenants=["acme"])
    for _ in range(BURST + 1):
        answer = with_tokens.client.get(ME, headers=bearer(token))
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "ARF-E-7010")
    key = with_tokens.bearer(Role.VIEWER, tenants=("acme",))
    assert with_tokens.client.get(ME, headers=key).status_code == 200


def test_what_a_caller_says_of_its_address_counts_only_from_a_proxy(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    """Otherwise each wrong key would come from somewhere else."""
    app = app_on(database, tmp_path, clock=clock)
    with served(app, clock, settings=ServerSettings()) as found:
        statuses = [
            found.client.get(ME, headers={"X-Forwarded-For": f"192.0.2.{number}"}).status_code for number in range(20)
        ]
    assert statuses == [401] * BURST + [429] * (20 - BURST)


def test_operations_of_a_narrow_key_are_told(single: Served) -> None:
    key = single.bearer(Role.ADMIN, operations=frozenset({Operation.ME_READ, Operation.KEYS_LIST}))
    assert single.client.get(ME, headers=key).json()["operations"] == ["keys.list", "me.read"]
