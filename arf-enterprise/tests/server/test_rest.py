# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What the routes answer, the one form of errors, the limits, and text that means something elsewhere."""

from __future__ import annotations

import io
import json
import logging
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from psycopg import sql

from arf_core.api.logs import JsonLines
from arf_enterprise.audit.sequencer import integrate
from arf_enterprise.identity import keys
from arf_enterprise.identity.principal import Role
from arf_enterprise.server.rest import document_of, make_app
from arf_enterprise.server.settings import ServerSettings
from arf_enterprise.server.standing_routes import LOOK_EVERY_S
from arf_enterprise.server.testing import Clock, Served, app_on, served
from arf_enterprise.stores.postgres.database import Database

KEYS = "/api/v1/keys"
INJECTIONS = (
    "'; DROP TABLE arf.api_key; --",
    "' OR '1'='1",
    '"; SELECT pg_sleep(60); --',
    "%(tenant)s %s %%",
    "$$; DELETE FROM arf.audit_entry; $$",
    "\\'; COPY arf.api_key TO PROGRAM 'touch /tmp/x'; --",
    "{}; {0} {tenant}",
    "\u2019 OR 1=1 --",
    "1; SET ROLE arf_owner",
)


@pytest.fixture
def admin(single: Served) -> dict[str, str]:
    return single.bearer(Role.ADMIN, subject="root")


def counts(single: Served) -> dict[str, int]:
    with single.app.database.transaction("default") as transaction:
        rows = transaction.connection.execute(
            "SELECT relname AS name FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace"
            " WHERE n.nspname = 'arf' AND relkind = 'r' AND has_table_privilege(pg_class.oid, 'SELECT')"
        ).fetchall()
        found = {}
        for row in rows:
            statement = sql.SQL("SELECT count(*) AS rows FROM {}").format(sql.Identifier(row["name"]))
            counted = transaction.connection.execute(statement).fetchone()
            assert counted is not None
            found[row["name"]] = int(counted["rows"])
    return found


@pytest.mark.promise("SRV-3")
@pytest.mark.parametrize("text", INJECTIONS)
def test_sql_in_a_text_that_is_kept_is_kept_as_it_is(single: Served, admin: dict[str, str], text: str) -> None:
    before = counts(single)
    made = single.client.post(KEYS, headers=admin, json={"subject": text, "roles": ["viewer"]})
    assert made.status_code == 201
    listed = single.client.get(KEYS, headers=admin).json()["keys"]
    assert text in [key["subject"] for key in listed]
    me = single.client.get("/api/v1/me", headers={"Authorization": f"Bearer {made.json()['key']}"}).json()
    assert me["subject"] == text
    after = counts(single)
    grown = {name for name in after if after[name] != before.get(name)}
    assert after["api_key"] == before["api_key"] + 1
    assert grown <= {"api_key", *(name for name in after if name.startswith("audit_"))}


@pytest.mark.promise("SRV-3")
@pytest.mark.parametrize("text", INJECTIONS)
def test_sql_in_any_other_text_is_refused_and_changes_nothing_but_the_log(
    single: Served, admin: dict[str, str], text: str
) -> None:
    before = counts(single)
    quoted, plain = quote(text, safe=""), text.encode("ascii", "replace").decode()
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", KEYS, {"json": {"subject": "bob", "roles": [text]}}),
        ("POST", KEYS, {"json": {"subject": "bob", "roles": ["viewer"], "operations": [text]}}),
        ("POST", KEYS, {"json": {"subject": "bob", "roles": ["viewer"], "days": text}}),
        ("POST", KEYS, {"json": {"subject": "bob", "roles": ["viewer"], "is_agent": text}}),
        ("POST", KEYS, {"json": {"subject": "bob", "roles": ["viewer"], text: 1}}),
        ("POST", KEYS, {"json": {"subject": [text], "roles": {text: text}}}),
        ("POST", KEYS, {"content": text.encode(), "headers": {"Content-Type": "application/json"}}),
        ("POST", KEYS, {"content": b"{}", "headers": {"Content-Type": plain}}),
        ("POST", f"{KEYS}/{quoted}/revoke", {}),
        ("GET", f"/api/v1/audit/records?first={quoted}", {}),
        ("GET", f"/api/v1/audit/records?limit={quoted}", {}),
        ("GET", f"/api/v1/audit/proof?sequence={quoted}", {}),
        ("GET", f"/api/v1/audit/proof?first=1&second={quoted}", {}),
        ("GET", f"/api/v1/{quoted}", {}),
        ("GET", "/api/v1/me", {"headers": {"X-ARF-Tenant": plain}}),
        ("GET", "/api/v1/me", {"headers": {"Authorization": f"Bearer {plain}"}}),
        ("GET", "/api/v1/me", {"headers": {"Authorization": f"Bearer arf_key_{plain}_{'A' * 43}"}}),
    ]
    for method, path, options in asked:
        single.clock.passed += 1000
        options["headers"] = {**admin, **options.get("headers", {})}
        answer = single.client.request(method, path, **options)
        assert 400 <= answer.status_code < 500, (method, path, answer.text)
        assert set(answer.json()["error"]) == {"code", "message", "remedy", "request_id"}
    after = counts(single)
    assert {name for name in after if after[name] != before.get(name) and not name.startswith("audit_")} == set()


def test_the_id_of_a_request_is_its_own_if_it_is_well_formed(single: Served) -> None:
    for given, is_kept in (("r-1.a_B", True), ("x" * 64, True), ("x" * 65, False), ("a b", False), ("'--", False)):
        answer = single.client.get("/health", headers={"X-Request-ID": given})
        assert (answer.headers["x-request-id"] == given) is is_kept


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"[]", 422),
        (b"null", 422),
        (b'{"subject": "a", "subject": "b", "roles": ["viewer"]}', 422),
        (b'{"subject": "a", "roles": ["viewer"], "days": NaN}', 422),
        (b'{"subject": "a", "roles": ["viewer"], "days": 1.5}', 422),
        (b'{"subject": "a", "roles": ["viewer"], "days": true}', 422),
        (b'{"subject": "a", "roles": ["viewer"], "days": 100000}', 422),
        (b'{"subject": "a", "roles": ["viewer"], "more": 1}', 422),
        (b'{"subject": "a", "roles": ["root"]}', 422),
        (b'{"subject": "a", "roles": []}', 422),
        (b'{"subject": "a", "roles": "admin"}', 422),
        (b'{"subject": "a", "roles": ["admin"], "is_agent": true}', 422),
        (b'{"subject": "\\u0000", "roles": ["viewer"]}', 422),
        (b'{"subject": "\\ud800", "roles": ["viewer"]}', 422),
        (b"\xff", 422),
        (b"[" * 100_000, 422),
    ],
)
def test_a_body_that_is_no_request_is_named(single: Served, admin: dict[str, str], body: bytes, status: int) -> None:
    headers = {**admin, "Content-Type": "application/json"}
    answer = single.client.post(KEYS, content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["code"] == "ARF-E-6001"


def test_a_body_that_a_form_could_send_is_refused(single: Served, admin: dict[str, str]) -> None:
    body = b'{"subject": "a", "roles": ["viewer"]}'
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        answer = single.client.post(KEYS, content=body, headers={**admin, "Content-Type": media_type})
        assert answer.status_code == 415


@pytest.mark.parametrize("is_declared", [True, False])
def test_a_body_over_the_limit_is_refused(database: Database, tmp_path: Path, clock: Clock, is_declared: bool) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * 100

    with served(app_on(database, tmp_path, clock=clock), clock, settings=ServerSettings(max_body=2000)) as found:
        body: Any = b" " * 4000 if is_declared else parts()
        headers = {**found.bearer(Role.ADMIN), "Content-Type": "application/json"}
        answer = found.client.post(KEYS, content=body, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "ARF-E-6001")


def test_a_body_that_does_not_come_is_not_waited_for(database: Database, tmp_path: Path, clock: Clock) -> None:
    settings = ServerSettings(body_seconds=0.2)
    with served(app_on(database, tmp_path, clock=clock), clock, settings=settings) as found:
        address = urlsplit(str(found.client.base_url))
        bearer = found.bearer(Role.ADMIN)["Authorization"]
        head = (
            f"POST {KEYS} HTTP/1.1\r\nHost: x\r\nAuthorization: {bearer}\r\n"
            "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        )
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=20) as slow:
            slow.sendall(head.encode())
            assert slow.recv(100).startswith(b"HTTP/1.1 408")


def test_too_many_requests_are_told_when_to_come_back(database: Database, tmp_path: Path, clock: Clock) -> None:
    settings = ServerSettings(client_rate=1.0, burst=3.0)
    with served(app_on(database, tmp_path, clock=clock), clock, settings=settings) as found:
        answers = [found.client.get("/docs") for _ in range(20)]
        assert answers[0].status_code == 200
        assert answers[-1].status_code == 429
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert found.client.get("/health").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/none", 404), ("DELETE", KEYS, 405), ("GET", "/docs/", 404)]
)
def test_a_path_or_method_that_there_is_not_has_the_same_form(
    single: Served, method: str, path: str, status: int
) -> None:
    answer = single.client.request(method, path)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"code", "message", "remedy", "request_id"}


def test_what_nobody_expected_tells_nothing_and_is_logged_without_its_text(
    single: Served, admin: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("planted-secret")

    log = io.StringIO()
    handler = logging.StreamHandler(log)
    handler.setFormatter(JsonLines())
    logging.getLogger("arf_enterprise").addHandler(handler)
    monkeypatch.setattr(keys, "listed", fail)
    try:
        answer = single.client.get(KEYS, headers=admin)
    finally:
        logging.getLogger("arf_enterprise").removeHandler(handler)
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "ARF-E-0001")
    assert "planted" not in answer.text
    (line,) = [json.loads(line) for line in log.getvalue().splitlines() if "internal error" in line]
    assert line["kinds"] == ["RuntimeError"]
    assert line["request_id"] == answer.headers["x-request-id"]
    assert "planted" not in log.getvalue()
    assert any("test_rest.py" in place for place in line["places"])


def test_no_answer_is_kept_by_a_cache(single: Served, admin: dict[str, str]) -> None:
    for path in ("/api/v1/me", "/none", "/health", KEYS):
        headers = single.client.get(path, headers=admin).headers
        assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")
        assert "server" not in headers


@pytest.mark.promise("AUD-2")
def test_records_checkpoint_and_proofs_are_those_of_the_tenant(several: Served) -> None:
    auditor = several.bearer(Role.AUDITOR, tenants=("acme",))
    several.key(Role.VIEWER, tenants=("globex",))
    empty = several.client.get("/api/v1/audit/checkpoint", headers=auditor)
    assert empty.status_code == 422
    for tenant in ("acme", "globex"):
        integrate(several.app.database, tenant, key=several.app.audit_key, now=several.clock.now)
    records = several.client.get("/api/v1/audit/records", headers=auditor).json()
    assert records["size"] == len(records["records"]) >= 1
    assert {record["tenant"] for record in records["records"]} == {"acme"}
    note = several.client.get("/api/v1/audit/checkpoint", headers=auditor).json()["note"]
    assert note.splitlines()[0].endswith("/acme")
    proof = several.client.get("/api/v1/audit/proof?sequence=0", headers=auditor).json()
    assert (proof["schema"], proof["checkpoint"]) == ("arf.audit-inclusion/1", note)
    size = records["size"]
    same = several.client.get(f"/api/v1/audit/proof?first={size}&second={size}", headers=auditor).json()
    assert same["schema"] == "arf.audit-consistency/1"


@pytest.mark.parametrize(
    "query",
    ["", "?sequence=1&first=1&second=2", "?first=1", "?sequence=-1", "?sequence=1e9", "?sequence=9007199254740992"],
)
def test_a_proof_that_is_not_asked_for_rightly_is_named(single: Served, query: str) -> None:
    answer = single.client.get(f"/api/v1/audit/proof{query}", headers=single.bearer(Role.AUDITOR))
    assert answer.status_code == 422


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "first=-1", "first=99999999999999999999"])
def test_a_page_of_records_has_bounds(single: Served, query: str) -> None:
    answer = single.client.get(f"/api/v1/audit/records?{query}", headers=single.bearer(Role.AUDITOR))
    assert answer.status_code == 422


def test_without_a_licence_the_standing_says_so_and_everything_else_is_answered(single: Served) -> None:
    told = single.client.get("/api/v1/license", headers=single.bearer(Role.VIEWER)).json()
    assert (told["may_execute"], told["code"], told["licence"]) == (False, "ARF-E-9001", None)


def look(single: Served) -> tuple[int, dict[str, str]]:
    """What /ready says, when it looks anew."""
    single.clock.passed += LOOK_EVERY_S
    answer = single.client.get("/ready")
    return answer.status_code, answer.json()


def test_ready_says_what_is_not(single: Served) -> None:
    assert look(single) == (200, {"status": "ready", "database": "ok", "schema": "ok", "audit": "ok"})
    single.key(Role.VIEWER)
    single.clock.now = single.clock.now.replace(year=single.clock.now.year + 1)
    assert look(single) == (503, {"status": "not ready", "database": "ok", "schema": "ok", "audit": "behind"})
    integrate(single.app.database, "default", key=single.app.audit_key, now=single.clock.now)
    assert look(single)[0] == 200
    single.app.database.close()
    assert look(single) == (503, {"status": "not ready", "database": "ARF-E-7001"})
    assert single.client.get("/health").status_code == 200


def test_who_asks_whether_it_is_ready_does_not_keep_the_database_busy(single: Served) -> None:
    assert look(single)[0] == 200
    single.app.database.close()
    assert {single.client.get("/ready").status_code for _ in range(20)} == {200}
    assert look(single)[0] == 503


def test_a_server_that_stops_takes_nothing_new(single: Served) -> None:
    key = single.bearer(Role.VIEWER)
    single.serving.is_stopping = True
    answer = single.client.get("/api/v1/me", headers=key)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "ARF-E-7011")
    assert answer.headers["connection"] == "close"
    assert single.client.get("/ready").status_code == 503


def test_metrics_count_requests_and_the_lag_of_the_log(single: Served) -> None:
    headers = single.bearer(Role.VIEWER)
    single.client.get("/api/v1/me", headers=headers)
    text = single.client.get("/metrics", headers=headers).text
    assert 'arf_requests_total{method="GET",route="/api/v1/me",status="200"} 1' in text
    assert "arf_audit_waiting 1" in text
    assert "alice" not in text


def test_every_route_is_described_with_an_example_and_the_form_of_errors(database: Database, tmp_path: Path) -> None:
    document = document_of(make_app(app_on(database, tmp_path, clock=Clock())))
    checked = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if not path.startswith("/api/"):
                continue
            checked += 1
            success = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
            assert success["content"]["application/json"]["example"], path
            assert {"401", "403", "422", "429", "500", "503"} <= set(operation["responses"]), path
            assert method != "post" or path.endswith(("/revoke", "/lift")) or operation["requestBody"]["content"], path
    assert checked >= 9
    assert document["security"] == [{"bearer": []}]
    assert "HTTPValidationError" not in json.dumps(document)


def test_the_examples_are_what_the_routes_answer(single: Served, admin: dict[str, str]) -> None:
    document = single.client.get("/openapi.json").json()
    for path in ("/api/v1/me", KEYS, "/api/v1/tenants"):
        example = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["example"]
        assert set(example) == set(single.client.get(path, headers=admin).json())
    example = document["paths"][KEYS]["post"]["requestBody"]["content"]["application/json"]["example"]
    made = single.client.post(KEYS, headers=admin, json=example)
    shown = document["paths"][KEYS]["post"]["responses"]["201"]["content"]["application/json"]["example"]
    assert set(made.json()) - set(shown) == {"operations", "last_used_at", "revoked_at"}  # null in the example
    assert set(shown) <= set(made.json())
    assert single.client.get("/docs").headers["content-security-policy"].startswith("default-src 'none'")
