# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Asking again what was asked before: of the executions of a real database, and of files."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from arf_core.canonical import canonical_text
from arf_core.policy.document import Place
from arf_enterprise.errors import RequestError
from arf_enterprise.governance.gate import Situation, rule_on
from arf_enterprise.governance.past import recorded
from arf_enterprise.governance.policy import load
from arf_enterprise.governance.ruling import Rung
from arf_enterprise.governance.simulate import counts, read_records, record_of, replay
from arf_enterprise.governance.templates import template
from arf_enterprise.stores.postgres.database import Database

NOW = datetime(2026, 1, 7, 12, tzinfo=UTC)
ASKED = {
    "action": "scale_out", "component": "web", "environment": "production", "tier": 3, "confidence": 0.9,
    "instances": 1, "share": 0.25, "dependents": 0, "reversible": True, "success_lower": 0.9, "outcomes": 50,
    "parameters": {"scale_factor": 2},
}  # fmt: skip
PLACE = Place(file="asked", line=1, column=1)
EXECUTION = """
INSERT INTO execution (tenant, execution_id, digest, intent_id, intent, action, component, wished, issuer, subject,
    is_agent, request_id, audit_trail_id, status, created_at, updated_at)
VALUES ('default', %(id)s, %(digest)s, %(intent)s, '{}', 'scale_out', 'web', 'autonomous', 'arf', 'a', false, 'r', 't',
    'accepted', %(at)s, %(at)s)
"""


@pytest.mark.promise("GOV-1")
def test_recorded_rulings_are_asked_again_as_they_were(database: Database) -> None:
    old, new = load(template("bounded-autonomy"), file="old"), load(template("approve"), file="new")
    record = record_of({"asked": ASKED, "at": NOW.isoformat()}, PLACE)
    with database.transaction("default") as transaction:
        for number, facts in enumerate((record.facts, replace(record.facts, tier=1), None)):
            at = NOW + timedelta(minutes=number)
            ids = {"id": f"exe_{number:032x}", "digest": f"sha256:{number:064x}", "intent": f"intent_{number:016x}"}
            transaction.connection.execute(EXECUTION, {**ids, "at": at})
            step: dict[str, object] = {"next": "end", "code": "ARF-E-4111"}
            if facts is not None:
                ruling = rule_on(old, Situation(facts=facts, wished=Rung.AUTONOMOUS, now=at))
                step = {"next": "act", "ruling": ruling.document()}
            transaction.connection.execute(
                "INSERT INTO execution_step (tenant, execution_id, step, document, at)"
                " VALUES ('default', %s, 'decided', %s, %s)",
                (ids["id"], canonical_text(step), at),
            )
    with database.transaction("default") as transaction:
        found = recorded(transaction)
    assert [(one.was, one.at) for one in found] == [
        (Rung.AUTONOMOUS, NOW), (Rung.REQUIRE_APPROVAL, NOW + timedelta(minutes=1)),
    ]  # fmt: skip
    assert found[0].facts == record.facts
    assert [one.differs for one in replay(old, found)] == [False, False]
    assert [one.ruling.rung for one in replay(new, found)] == [Rung.REQUIRE_APPROVAL, Rung.REQUIRE_APPROVAL]
    with database.transaction("acme") as transaction:
        assert recorded(transaction) == ()


@pytest.mark.promise("GOV-1")
def test_what_the_new_policy_lets_run_counts_for_its_rates_in_the_order_of_time() -> None:
    policy = load(template("bounded-autonomy"), file="p")  # at most 3 an hour
    lines = [json.dumps({"asked": ASKED, "at": (NOW + timedelta(minutes=n * 15)).isoformat()}) for n in range(6)]
    replayed = replay(policy, read_records("\n".join(reversed(lines)).encode(), file="x"))
    rungs = [one.ruling.rung.label for one in replayed]
    assert rungs == ["autonomous", "autonomous", "autonomous", "deny", "autonomous", "autonomous"]
    assert counts(replayed) == {"deny": 1, "advise": 0, "require_approval": 0, "autonomous": 5}


@pytest.mark.promise("GOV-1")
@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "x:1:1"),
        ("[]", "must be a mapping"),
        ('{"asked": {}, "asked": {}}', "asked"),
        (json.dumps({"asked": {**ASKED, "share": 2}}), "share is 2"),
        (json.dumps({"asked": {**ASKED, "share": None}}), "known together"),
        (json.dumps({"asked": {**ASKED, "action": "reboot"}}), "the action|action is"),
        (json.dumps({"asked": {**ASKED, "parameters": {"speed": 1}}}), "no parameter"),
        (json.dumps({"asked": ASKED, "at": "2026-01-01T00:00:00"}), "a time is"),
        (json.dumps({"asked": ASKED, "was": "perhaps"}), "was is 'perhaps'"),
    ],
)
def test_a_line_that_is_no_record_is_refused_with_its_number(line: str, reason: str) -> None:
    with pytest.raises(RequestError, match=reason):
        read_records(line.encode(), file="x")


@pytest.mark.promise("GOV-1")
def test_the_policy_of_the_documentation_is_read_and_does_what_the_page_says() -> None:
    page = Path(__file__).parents[3] / "docs/governance.md"
    found = re.search(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    policy = load(found[1], file="docs")
    record = record_of({"asked": {**ASKED, "action": "restart_container", "parameters": {}}}, PLACE)
    ruling = rule_on(policy, Situation(facts=record.facts, wished=Rung.AUTONOMOUS, now=NOW))
    assert ruling.rung is Rung.REQUIRE_APPROVAL
