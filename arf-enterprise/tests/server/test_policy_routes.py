# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Policies over REST: pushed by one, approved by another, explained to anybody."""

from __future__ import annotations

from typing import Any

import pytest

from arf_enterprise.governance.templates import template
from arf_enterprise.identity.principal import Role
from arf_enterprise.server.testing import Served

POLICIES = "/api/v1/policies"
ASKED = {
    "action": "restart_container", "component": "web", "environment": "production", "tier": 1, "confidence": 0.9,
    "instances": 1, "share": 0.25, "dependents": 0, "reversible": True,
}  # fmt: skip


def post(served: Served, path: str, body: object, headers: dict[str, str], status: int) -> dict[str, Any]:
    answer = served.client.post(POLICIES + path, json=body, headers=headers)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.promise("GOV-1")
def test_a_policy_is_pushed_by_one_and_in_force_when_another_has_approved_it(single: Served) -> None:
    alice = single.bearer(Role.POLICY_AUTHOR, Role.APPROVER, subject="alice")
    bob = single.bearer(Role.APPROVER, subject="bob")
    pushed = post(single, "", {"content": template("approve")}, alice, 201)
    assert not pushed["in_force"]
    path, why = f"/{pushed['digest']}", {"reason": "agreed"}
    assert post(single, f"{path}/approve", why, alice, 403)["error"]["code"] == "ARF-E-4142"
    assert post(single, "/explain", {"asked": ASKED}, bob, 403)["error"]["code"] == "ARF-E-4110"
    assert post(single, f"{path}/approve", why, bob, 200)["version"] == 1
    listed = single.client.get(POLICIES, headers=bob).json()
    assert listed["in_force"] == pushed["digest"]
    assert [version["state"] for version in listed["versions"]] == ["approved"]
    assert single.client.get(POLICIES + path, headers=bob).json()["content"] == template("approve")
    explained = post(single, "/explain", {"asked": ASKED, "wished": "autonomous"}, bob, 200)
    assert (explained["ruling"]["rung"], explained["ruling"]["quorum"]) == ("require_approval", 2)
    other = post(single, "/explain", {"asked": ASKED, "content": template("observe")}, bob, 200)
    assert other["ruling"]["rung"] == "advise"


@pytest.mark.promise("GOV-1")
def test_a_first_policy_from_an_admin_over_the_network_waits_too(single: Served) -> None:
    admin = single.bearer(Role.ADMIN, subject="root")
    pushed = post(single, "", {"content": template("approve")}, admin, 201)
    assert not pushed["in_force"]
    rejected = post(single, f"/{pushed['digest']}/reject", {"reason": "no"}, admin, 200)
    assert rejected["version"] == 1
    assert single.client.get(POLICIES, headers=admin).json()["in_force"] is None


@pytest.mark.promise("GOV-1")
def test_what_is_wrong_with_a_policy_is_answered_with_its_places(single: Served) -> None:
    alice = single.bearer(Role.POLICY_AUTHOR)
    said = post(single, "", {"content": "schema: x\nz: 1\n"}, alice, 422)["error"]["message"]
    assert "policy.yaml:1:9: schema is 'x'" in said
    assert "policy.yaml:2:1: 'z' is not a key" in said
    bodies: list[object] = [{}, {"content": 1}, {"content": template("observe"), "force": True}, [], {"content": "\0"}]
    for body in bodies:
        post(single, "", body, alice, 422)
    questions: list[object] = [{}, {"asked": {}}, {"asked": {**ASKED, "tier": 9}}, {"asked": ASKED, "at": "now"}]
    for question in questions:
        post(single, "/explain", question, alice, 422)
    assert single.client.get(f"{POLICIES}/sha256:1", headers=alice).status_code == 422
    assert single.client.get(f"{POLICIES}/sha256:{'0' * 64}", headers=alice).status_code == 404


@pytest.mark.promise("GOV-1")
def test_ten_megabytes_are_no_policy(single: Served) -> None:
    alice = single.bearer(Role.POLICY_AUTHOR)
    answer = single.client.post(POLICIES, json={"content": "#" * 10_000_000}, headers=alice)
    assert answer.status_code in {413, 422}


@pytest.mark.promise("SRV-3")
def test_another_tenants_policy_is_not_to_be_seen_or_approved(several: Served) -> None:
    acme = several.bearer(Role.POLICY_AUTHOR, subject="alice", tenants=("acme",))
    globex = several.bearer(Role.APPROVER, subject="bob", tenants=("globex",))
    pushed = post(several, "", {"content": template("approve")}, acme, 201)
    assert several.client.get(POLICIES, headers=globex).json()["versions"] == []
    for verb in ("approve", "reject"):
        post(several, f"/{pushed['digest']}/{verb}", {"reason": "why"}, globex, 404)
    foreign = {**globex, "X-ARF-Tenant": "acme"}
    assert several.client.get(POLICIES, headers=foreign).status_code == 403
