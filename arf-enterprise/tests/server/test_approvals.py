# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Approvals, stops and agents over REST, and callbacks: a real server, and those who attack it."""

from __future__ import annotations

import hmac
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from arf_core.verify.artifact import verify_bytes
from arf_core.verify.trust import read_trusted_keys
from arf_enterprise.audit.trusting import trusted_keys
from arf_enterprise.governance.approval import Kind, State
from arf_enterprise.governance.testing import Desk, binding, sha
from arf_enterprise.identity.principal import Role
from arf_enterprise.server.testing import Clock, Served, app_on, served
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.targets.broker import COMMANDS

SECRET = "hush"
CHANNELS = """\
schema: arf.channels/1
slack: {signing_secret: "env:TEST_SLACK"}
webhooks: [{name: pager, secret: "env:TEST_PAGER"}]
people:
  - {subject: alice@example.com, tenants: [default], known_as: {slack: U1, pager: alice}}
"""


@pytest.fixture
def desk(single: Served) -> Desk:
    return Desk(single.app.database, tenant="default", now=single.clock.now)


def asked(desk: Desk, **changed: Any) -> State:
    return desk.ask(binding(**{"tenant": "default", "expires_at": desk.now.replace(year=2099), **changed}))


def say(served: Served, state: State, headers: dict[str, str], verb: str = "approve", **changed: Any) -> httpx.Response:
    given = {"digest": state.digest, "reason": "seen", **changed}
    return served.client.post(f"/api/v1/approvals/{state.approval_id}/{verb}", json=given, headers=headers)


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.mark.promise("GOV-4")
def test_people_look_and_approve_and_the_last_of_the_quorum_sets_it_going(single: Served, desk: Desk) -> None:
    state = asked(desk, quorum=2)
    alice, bob = (single.bearer(Role.APPROVER, subject=name) for name in ("alice", "bob"))
    (listed,) = single.client.get("/api/v1/approvals", headers=alice).json()["approvals"]
    assert (listed["summary"], "shown" in listed) == ("restart checkout", False)
    assert say(single, state, alice).json()["state"] == "waiting"
    assert code_of(say(single, state, bob)) == (409, "ARF-E-4144")
    now = single.client.get(f"/api/v1/approvals/{state.approval_id}", headers=bob).json()
    assert now["shown"]["diff"] == ["- pid 1", "+ pid 2"]
    decided = say(single, state, bob, digest=now["digest"]).json()
    assert (decided["state"], decided["given"]) == ("approved", 2)
    assert say(single, state, alice, "reject").json()["state"] == "rejected"
    assert single.client.get("/api/v1/approvals", headers=alice).json()["approvals"] == []
    every = single.client.get("/api/v1/approvals?every=true", headers=alice).json()["approvals"]
    assert [one["state"] for one in every] == ["rejected"]


@pytest.mark.promise("GOV-2")
def test_an_agent_that_reads_a_persons_key_cannot_approve_its_own(single: Served, desk: Desk) -> None:
    """It asked as alice, with her key; whatever key of hers it finds, it is alice who asked."""
    state = asked(desk, requester_subject="alice")
    for headers in (single.bearer(Role.APPROVER), single.bearer(*Role), single.bearer(Role.APPROVER, subject="ALICE")):
        assert code_of(say(single, state, headers)) == (403, "ARF-E-4142")
    robot = single.bearer(Role.OPERATOR, subject="robot", is_agent=True)
    for verb in ("approve", "reject"):
        assert code_of(say(single, state, robot, verb)) == (403, "ARF-E-3002")
    assert desk.look(state.approval_id).votes == ()
    assert desk.recorded("approval.") == ["approval.asked", *["approval.refused"] * 3]


@pytest.mark.promise("GOV-2")
def test_what_cannot_count_is_told_apart_by_its_code(single: Served, desk: Desk) -> None:
    alice, state = single.bearer(Role.APPROVER), asked(desk)
    assert code_of(say(single, state, alice, digest=sha("x"))) == (409, "ARF-E-4144")
    assert code_of(say(single, state, alice, digest="x")) == (422, "ARF-E-6001")
    assert code_of(say(single, state, alice, "reject", reason="")) == (422, "ARF-E-6001")
    assert code_of(say(single, state, alice, more=1)) == (422, "ARF-E-6001")
    assert say(single, state, alice).status_code == 200
    assert code_of(say(single, state, alice)) == (409, "ARF-E-4143")
    for odd in ("approval_" + "0" * 32, "%00", "' OR true --", "%ff", "..%2f.."):
        assert single.client.get(f"/api/v1/approvals/{odd}", headers=alice).status_code == 404
    expired = asked(desk, expires_at=desk.now.replace(microsecond=0).replace(year=desk.now.year + 1))
    single.clock.now = expired.expires_at
    fresh = single.bearer(Role.APPROVER, subject="bob")
    assert code_of(say(single, expired, fresh)) == (403, "ARF-E-4141")


@pytest.mark.promise("GOV-2")
def test_a_tenant_does_not_see_the_approvals_of_another(several: Served) -> None:
    desk = Desk(several.app.database, tenant="acme", now=several.clock.now)
    state = desk.ask(binding(expires_at=desk.now.replace(year=2099)))
    gus = several.bearer(Role.APPROVER, subject="gus", tenants=("globex",))
    assert several.client.get(f"/api/v1/approvals/{state.approval_id}", headers=gus).status_code == 404
    assert several.client.get("/api/v1/approvals?every=true", headers=gus).json()["approvals"] == []
    assert say(several, state, gus).status_code == 404
    assert say(several, state, {**gus, "X-ARF-Tenant": "acme"}).status_code == 403
    assert desk.look(state.approval_id).votes == ()


@pytest.mark.promise("VER-1")
def test_an_approval_is_exported_and_verifies_in_the_open_edition(single: Served, desk: Desk) -> None:
    state, auditor = asked(desk), single.bearer(Role.AUDITOR)
    path = f"/api/v1/approvals/{state.approval_id}/statement"
    assert code_of(single.client.get(path, headers=auditor)) == (403, "ARF-E-4140")
    say(single, state, single.bearer(Role.APPROVER))
    exported = single.client.get(path, headers=auditor).content
    with single.app.database.transaction("default") as transaction:
        keys = json.dumps(trusted_keys(transaction)).encode()
    report = verify_bytes(exported, name="it", trusted=read_trusted_keys([("keys", keys)]))
    assert (report.ok, report.kind) == (True, "approval"), report.first_bad
    assert b"alice" not in exported


# ---- callbacks


@pytest.fixture
def channels(single: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_SLACK", SECRET)
    monkeypatch.setenv("TEST_PAGER", SECRET)
    (single.app.settings.data / "channels.yaml").write_text(CHANNELS)


def by_slack(served: Served, state: State, *, user: str = "U1", late: int = 0, secret: str = SECRET) -> httpx.Response:
    value = f"{state.binding.tenant} {state.approval_id} {state.digest}"
    payload = {"user": {"id": user}, "actions": [{"action_id": "arf_approve", "value": value}]}
    body = urlencode({"payload": json.dumps(payload)}).encode()
    at = str(int(served.clock.now.timestamp()) - late)
    signature = "v0=" + hmac.digest(secret.encode(), f"v0:{at}:".encode() + body, "sha256").hex()
    headers = {
        "X-Slack-Request-Timestamp": at, "X-Slack-Signature": signature,
        "Content-Type": "application/x-www-form-urlencoded",
    }  # fmt: skip
    return served.client.post("/callbacks/slack", content=body, headers=headers)


def by_pager(
    served: Served, state: State, *, channel: str = "pager", secret: str = SECRET, **more: Any
) -> httpx.Response:
    given = {
        "schema": "arf.callback/1", "tenant": state.binding.tenant, "approval_id": state.approval_id,
        "digest": state.digest, "decision": "approve", "person": "alice", **more,
    }  # fmt: skip
    body, at = json.dumps(given).encode(), str(int(served.clock.now.timestamp()))
    signed = f"arf.callback/1\n{channel}\n{at}\n".encode() + body
    signature = "v1=" + hmac.digest(secret.encode(), signed, "sha256").hex()
    headers = {"X-ARF-Channel": channel, "X-ARF-Timestamp": at, "X-ARF-Signature": signature}
    return served.client.post("/callbacks/webhook", content=body, headers=headers)


@pytest.mark.promise("GOV-4")
@pytest.mark.usefixtures("channels")
def test_a_button_in_slack_and_a_webhook_approve_once(single: Served, desk: Desk) -> None:
    first, second = asked(desk), asked(desk)
    assert by_slack(single, first).json()["state"] == "approved"
    assert code_of(by_slack(single, first)) == (409, "ARF-E-4143")
    assert by_pager(single, second).json()["state"] == "approved"
    assert code_of(by_pager(single, second)) == (409, "ARF-E-4143")


@pytest.mark.promise("GOV-2")
@pytest.mark.usefixtures("channels")
def test_nobody_approves_their_own_by_a_button_or_a_webhook(single: Served, desk: Desk) -> None:
    for by in (by_slack, by_pager):
        state = asked(desk, requester_subject="Alice@example.com")
        assert code_of(by(single, state)) == (403, "ARF-E-4142")
        assert desk.look(state.approval_id).votes == ()


@pytest.mark.promise("GOV-4")
@pytest.mark.usefixtures("channels")
def test_an_agent_is_nobody_to_a_channel_whatever_it_calls_itself(single: Served, desk: Desk) -> None:
    """A channel speaks for the people that the installation knows it by; a key or a name of an agent is none."""
    state = asked(desk)
    robot = single.bearer(Role.OPERATOR, subject="robot", is_agent=True)
    for person in ("robot", "alice@example.com", robot["Authorization"].removeprefix("Bearer ")):
        assert code_of(by_pager(single, state, person=person)) == (403, "ARF-E-3002")
    signed_by_nobody = single.client.post("/callbacks/webhook", headers=robot, json={"person": "alice"})
    assert code_of(signed_by_nobody) == (401, "ARF-E-4145")
    assert desk.look(state.approval_id).votes == ()


@pytest.mark.promise("GOV-4")
@pytest.mark.usefixtures("channels")
def test_forged_late_and_unknown_callbacks_are_refused_and_recorded(single: Served, desk: Desk) -> None:
    state = asked(desk)
    refused = [
        by_slack(single, state, secret="guess"),
        by_slack(single, state, late=301),
        by_slack(single, state, late=-301),
        by_pager(single, state, secret="guess"),
        by_pager(single, state, channel="slack"),
        by_pager(single, state, channel="nobody"),
        single.client.post("/callbacks/slack"),
        single.client.post("/callbacks/webhook", json={}),
    ]
    assert {code_of(answer) for answer in refused} == {(401, "ARF-E-4145")}
    assert code_of(by_slack(single, state, user="U2")) == (403, "ARF-E-3002")
    assert desk.look(state.approval_id).kind is Kind.WAITING
    assert desk.recorded("approval.").count("approval.refused") == 9


@pytest.mark.promise("GOV-4")
@pytest.mark.usefixtures("channels")
def test_a_thousand_wrong_callbacks_fill_no_log_and_lock_nobody_out(single: Served, desk: Desk) -> None:
    state = asked(desk)
    headers = {"X-Slack-Request-Timestamp": "1767323045", "X-Slack-Signature": "v0=" + "0" * 64}
    statuses = {single.client.post("/callbacks/slack", content=b"x", headers=headers).status_code for _ in range(1000)}
    assert statuses == {401}
    assert by_slack(single, state).json()["state"] == "approved"
    assert desk.recorded("approval.").count("approval.refused") == 10


@pytest.mark.promise("GOV-4")
@pytest.mark.usefixtures("channels")
def test_strangers_start_no_commands(single: Served, desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret may be what a command prints: it is asked at most once a minute."""
    counted = folder / "asked"
    command = folder / "secret"
    command.write_text(f"#!/bin/sh\necho x >> {counted}\nprintf {SECRET}\n")
    command.chmod(0o755)
    monkeypatch.setenv(COMMANDS, str(command))
    file = single.app.settings.data / "channels.yaml"
    file.write_text(CHANNELS.replace("env:TEST_SLACK", f"command:{command}"))
    state = asked(desk)
    assert {by_slack(single, state, secret="guess").status_code for _ in range(20)} == {401}
    assert by_slack(single, state).json()["state"] == "approved"
    assert counted.read_text() == "x\n"
    command.write_text(f"#!/bin/sh\necho x >> {counted}\nexit 1\n")
    single.clock.passed += 60
    assert {code_of(by_slack(single, asked(desk))) for _ in range(20)} == {(401, "ARF-E-4145")}
    assert counted.read_text() == "x\nx\n"


@pytest.mark.promise("GOV-4")
def test_without_channels_every_callback_is_refused_alike(single: Served, desk: Desk) -> None:
    for answer in (by_slack(single, asked(desk)), by_pager(single, asked(desk))):
        assert code_of(answer) == (401, "ARF-E-4145")


# ---- stops and agents


@pytest.mark.promise("GOV-3")
def test_an_operator_presses_and_an_approver_lifts(single: Served) -> None:
    olga, alice = single.bearer(Role.OPERATOR, subject="olga"), single.bearer(Role.APPROVER)
    wanted = {"scope": "component", "name": "checkout", "reason": "smoke"}
    pressed = single.client.post("/api/v1/stop", json=wanted, headers=olga)
    assert (pressed.status_code, pressed.json()["pressed_by"]) == (201, "olga")
    lift = f"/api/v1/stop/{pressed.json()['stop_id']}/lift"
    assert single.client.post(lift, headers=olga).status_code == 403
    assert single.client.post(lift, headers=alice).json()["lifted_at"] is not None
    assert single.client.post(lift, headers=alice).status_code == 409
    assert single.client.get("/api/v1/stop", headers=olga).json()["stops"] == []
    assert len(single.client.get("/api/v1/stop?every=true", headers=olga).json()["stops"]) == 1
    for wrong in ({}, {"scope": "x", "reason": "y"}, {"scope": "tenant", "name": "n", "reason": "y"}, {"scope": "all"}):
        assert single.client.post("/api/v1/stop", json=wrong, headers=olga).status_code == 422
    assert single.client.post("/api/v1/stop/%00/lift", headers=alice).status_code == 404


@pytest.mark.promise("GOV-3")
def test_where_there_are_several_tenants_only_an_admin_stops_all_of_them(several: Served) -> None:
    wanted = {"scope": "all", "reason": "smoke"}
    olga = several.bearer(Role.OPERATOR, Role.APPROVER, subject="olga", tenants=("acme",))
    ada = several.bearer(Role.ADMIN, subject="ada", tenants=("acme",))
    assert several.client.post("/api/v1/stop", json=wanted, headers=olga).status_code == 403
    pressed = several.client.post("/api/v1/stop", json=wanted, headers=ada).json()
    assert pressed["pressed_by"] is None
    gus = several.bearer(Role.APPROVER, subject="gus", tenants=("globex",))
    (seen,) = several.client.get("/api/v1/stop", headers=gus).json()["stops"]
    assert seen["scope"] == "all"
    lift = f"/api/v1/stop/{pressed['stop_id']}/lift"
    assert several.client.post(lift, headers=gus).status_code == 403
    assert several.client.post(lift, headers=ada).status_code == 200


def test_an_admin_attests_and_revokes_an_agent(single: Served) -> None:
    ada, olga = single.bearer(Role.ADMIN, subject="ada"), single.bearer(Role.OPERATOR, subject="olga")
    wanted = {"subject": "robot", "name": "remediator", "version": "1", "description_digest": sha("x")}
    made = single.client.post("/api/v1/agents", json=wanted, headers=ada)
    assert made.status_code == 201
    assert single.client.post("/api/v1/agents", json=wanted, headers=olga).status_code == 403
    (listed,) = single.client.get("/api/v1/agents", headers=olga).json()["agents"]
    assert listed["agent_id"] == made.json()["agent_id"]
    revoke = f"/api/v1/agents/{listed['agent_id']}/revoke"
    assert single.client.post(revoke, headers=ada).status_code == 200
    assert single.client.post(revoke, headers=ada).status_code == 404
    for wrong in ({**wanted, "days": "9"}, {**wanted, "days": True}, {**wanted, "x": 1}, {**wanted, "subject": ""}):
        assert single.client.post("/api/v1/agents", json=wrong, headers=ada).status_code == 422


@pytest.mark.promise("GOV-4")
def test_an_approval_waits_across_a_restart_of_the_server(database: Database, tmp_path: Path) -> None:
    clock = Clock()
    desk = Desk(database, tenant="default", now=clock.now)
    state = asked(desk)
    for verb in ("approve", "reject"):
        with served(app_on(database, tmp_path, clock=clock), clock) as found:
            alice = found.bearer(Role.APPROVER, subject=f"alice-{verb}")
            assert say(found, state, alice, verb).status_code == 200
    assert desk.look(state.approval_id).kind is Kind.REJECTED
