# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Learned advice: another order, its reasons sealed, nothing invented; off, it is the open edition's own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from arf_core.advisor import Advisor
from arf_core.capabilities import ENTERPRISE_FEATURES
from arf_core.ingest.records import read_event
from arf_core.models.action import Action
from arf_core.models.advice import Advice
from arf_core.models.frozen import FrozenMap
from arf_core.models.healing_intent import HealingIntent
from arf_core.models.incident import Incident
from arf_core.models.signal import Direction, Signal
from arf_core.recall.embedding import SignalEmbedder
from arf_core.vocabulary import sense_of
from arf_enterprise.errors import ConflictError
from arf_enterprise.learning import outcomes
from arf_enterprise.learning.advise import Looks, improved, ranked
from arf_enterprise.learning.belief import Cell
from arf_enterprise.learning.observed import Observed
from arf_enterprise.learning.pattern import Tried, pattern_of
from arf_enterprise.learning.remembered import remember_in
from arf_enterprise.learning.service import advised
from arf_enterprise.learning.signature import UNKNOWN, signature_of
from arf_enterprise.learning.switch import FEATURE, Mode, effective, licensed, switch
from arf_enterprise.learning.testing_outcomes import NOW, learns, outcome, person, recorded, seen
from arf_enterprise.licensing.issue import TERMS
from arf_enterprise.licensing.licence import Edition
from arf_enterprise.server.testing import Clock, app_on
from arf_enterprise.stores.postgres.database import Database

RULE = "slow@sha256:" + "ab" * 32


def intent(action: Action, confidence: float, component: str = "shop") -> HealingIntent:
    return HealingIntent(
        action=action, component=component, incident_id="incident-1", detected_at=NOW, confidence=confidence,
        justification="the policy says so", policy_applied=RULE,
    )  # fmt: skip


RESTART, ROLLBACK, ALERT = (
    intent(Action.RESTART_CONTAINER, 0.8),
    intent(Action.ROLLBACK, 0.3),
    intent(Action.ALERT_TEAM, 0.5),
)
ADVICE = Advice(incident_id="incident-1", at=NOW, intents=(RESTART, ALERT, ROLLBACK))


def history() -> list[Observed]:
    """Restarts that helped 3 times in 11, rollbacks that helped 8 times in 9."""
    cells = [
        Cell(action=name, kind="web", component="shop", signature="slow") for name in ("restart_container", "rollback")
    ]
    tried = [*seen(*[True, False, False, False] * 3, cell=cells[0])[:11], *seen(*[True] * 8, False, cell=cells[1])]
    return sorted(tried, key=lambda one: one.at)


def web(_component: str) -> str:
    return "web"


@pytest.mark.promise("LRN-2")
def test_learning_puts_what_was_verified_first_and_says_why_in_what_it_seals() -> None:
    found = improved(ADVICE, history(), mode=Mode.ON, kind_of=web, now=NOW)
    assert [one.action for one in found.advice.intents] == [
        Action.ROLLBACK,
        Action.ALERT_TEAM,
        Action.RESTART_CONTAINER,
    ]
    assert found.changes_the_first
    first = found.advice.intents[0]
    assert "rollback here: 8 of 9 verified, lower bound .6" in first.justification
    assert "confidence 0.30 before" in first.justification
    assert first.confidence > 0.7
    assert first.reasoning_chain[-1]["step"] == "learning"  # type: ignore[index]  # a step is a mapping
    assert first.evidence["learning"]["learned_from"] == ROLLBACK.digest  # type: ignore[index]
    assert first.intent_id == ROLLBACK.intent_id
    assert first.digest != ROLLBACK.digest
    assert HealingIntent.from_json(first.to_json()) == first


@pytest.mark.promise("LRN-2")
def test_originals_stay_as_they_are_and_nothing_is_added_or_left_out() -> None:
    before = [one.to_json() for one in ADVICE.intents]
    found = improved(ADVICE, history(), mode=Mode.ON, kind_of=web, now=NOW)
    assert [one.to_json() for one in ADVICE.intents] == before
    assert {one.intent_id for one in found.advice.intents} == {one.intent_id for one in ADVICE.intents}
    assert {one.parameters for one in found.advice.intents} == {one.parameters for one in ADVICE.intents}
    assert found == improved(ADVICE, history(), mode=Mode.ON, kind_of=web, now=NOW), "the same facts, the same bytes"


@pytest.mark.promise("LRN-2")
@pytest.mark.parametrize("mode", [Mode.OFF, Mode.SHADOW])
def test_off_and_in_shadow_the_advice_is_the_very_same(mode: Mode) -> None:
    found = improved(ADVICE, history(), mode=mode, kind_of=web, now=NOW)
    assert found.advice is ADVICE
    assert bool(found.learned) is (mode is Mode.SHADOW)


def test_where_nothing_was_verified_order_and_confidence_stay() -> None:
    found = ranked(ADVICE.intents, [], kind_of=web, now=NOW)
    assert [one.before for one in found] == list(ADVICE.intents)
    assert [one.after.confidence for one in found] == [one.confidence for one in ADVICE.intents]


def test_telling_people_is_no_remedy_and_keeps_its_place_and_confidence() -> None:
    told = seen(*[True] * 30, cell=Cell(action="alert_team", kind="web", component="shop", signature="slow"))
    found = ranked(ADVICE.intents, sorted([*told, *history()], key=lambda one: one.at), kind_of=web, now=NOW)
    assert found[1].before is ALERT
    assert found[1].after.confidence == ALERT.confidence


@pytest.mark.promise("LRN-2")
def test_what_a_fault_looks_like_moves_the_belief_before_its_own_outcomes_count() -> None:
    """Faults of one look were healed by rolling back, of the other by a restart, whatever was believed of them."""
    believed = {"rollback": 0.3, "restart_container": 0.8}
    looks, healers = ((1.0, 0.0), (0.0, 1.0)), ("rollback", "restart_container")
    pattern = pattern_of(
        [Tried(vector=looks[number % 2], believed=believed, action=healers[number % 2]) for number in range(60)]
    )
    first = [
        improved(
            ADVICE, [], mode=Mode.ON, kind_of=web, now=NOW, looks=Looks(vector=look, pattern=pattern)
        ).advice.intents[0].action.value
        for look in looks
    ]  # fmt: skip
    assert first == list(healers)
    assert pattern_of([]).confidences((1.0, 0.0), believed) == believed


def remembered(number: int, metric: str) -> Incident:
    signal = Signal(component="shop", metric=metric, kind=sense_of(metric).kind, direction=Direction.UP)
    return Incident(incident_id=f"inc-{metric}-{number}", occurred_at=NOW, signals=(signal,), component="shop")


@pytest.mark.promise("LRN-2")
def test_what_remembered_faults_look_like_is_learned_from_their_outcomes(database: Database) -> None:
    """What filled the memory a restart healed and a rollback did not; what made errors, the other way round."""
    healers = {"memory_pct": "restart_container", "error_rate": "rollback"}
    with database.transaction("default") as tx:
        for number in range(40):
            for metric, healer in healers.items():
                action = ("rollback", "restart_container")[number % 2]
                cell = Cell(action=action, kind="web", component=f"shop-{number}", signature="slow")
                told = outcome(number, success=action == healer, cell=cell, at=NOW - timedelta(hours=1))
                evidence = FrozenMap({"believed": 0.5})
                run, about = f"{metric}-{number}", remembered(number, metric).incident_id
                outcomes.record(tx, replace(told, execution_id=run, incident_id=about, evidence=evidence))
        known = [remembered(number, metric) for number in range(41) for metric in healers]
        remember_in(tx, known, SignalEmbedder())
        for metric, healer in healers.items():
            asked = [replace(one, incident_id=f"inc-{metric}-40") for one in (RESTART, ROLLBACK)]
            found = advised(tx, asked, mode=Mode.ON, now=NOW)
            assert found.intents[0].action.value == healer
        unknown = advised(tx, [replace(ROLLBACK, incident_id="never remembered")], mode=Mode.SHADOW, now=NOW)
        assert unknown.learned[0].estimate.says


def test_components_keep_their_order() -> None:
    other = intent(Action.ROLLBACK, 0.9, component="cart")
    found = ranked((other, RESTART, ROLLBACK), history(), kind_of=web, now=NOW)
    assert [one.before.component for one in found] == ["cart", "shop", "shop"]


@pytest.mark.parametrize(
    ("applied", "signature"),
    [
        (RULE, "slow"),
        ("a@b@sha256:" + "00" * 32, "a@b"),
        ("plain", "plain"),
        ("mail@home", "mail@home"),
        (None, UNKNOWN),
        ("", UNKNOWN),
    ],
)
def test_a_fault_is_known_by_the_rule_whatever_version_of_the_policy(applied: str | None, signature: str) -> None:
    assert signature_of(applied) == signature


def test_what_the_open_edition_seals_is_learned_from_and_improved() -> None:
    metrics = {"latency_p99": 900.0, "error_rate": 0.3}
    advice = Advisor().advise(read_event({"component": "shop", "timestamp": "2026-06-01T12:00:00Z", **metrics}))
    first = advice.intents[0]
    cell = Cell(action=first.action.value, kind="web", component="shop", signature=signature_of(first.policy_applied))
    found = improved(advice, seen(*[False] * 20, cell=cell), mode=Mode.ON, kind_of=web, now=NOW)
    changed = next(one for one in found.learned if one.before is first)
    assert changed.after.confidence < first.confidence
    assert "0 of 20 verified" in changed.after.justification


@pytest.mark.promise("LRN-2")
def test_without_the_feature_in_the_licence_advice_is_the_open_editions_byte_for_byte(
    database: Database, tmp_path: Path
) -> None:
    """Everything is switched on and learned; the licence is a starter's, or there is none: nothing changes."""
    app = app_on(database, tmp_path, clock=Clock(now=NOW))
    with database.transaction("default") as tx:
        learns(tx)
        cell = Cell(action="rollback", kind="unknown", component="shop", signature="slow")
        for number in range(20):
            outcomes.record(tx, outcome(number, cell=cell, at=NOW - timedelta(days=1, hours=number)))
        assert effective(tx, is_licensed=licensed(app.entitlements)) is Mode.OFF
        plain = advised(tx, ADVICE.intents, mode=effective(tx, is_licensed=licensed(app.entitlements)), now=NOW)
        assert [one.to_json() for one in plain.intents] == [one.to_json() for one in ADVICE.intents]
        assert advised(tx, ADVICE.intents, mode=Mode.ON, now=NOW).intents[0].action is Action.ROLLBACK


def test_the_feature_is_sold_and_not_in_every_edition() -> None:
    assert FEATURE in TERMS[Edition.PROFESSIONAL].features
    assert FEATURE not in TERMS[Edition.STARTER].features
    assert FEATURE in ENTERPRISE_FEATURES


@pytest.mark.promise("LRN-2")
def test_learning_goes_on_from_shadow_only_and_every_switch_is_audited(database: Database) -> None:
    with database.transaction("default") as tx, pytest.raises(ConflictError, match="shadow"):
        switch(tx, Mode.ON, by=person("al"), request_id="r", now=NOW)
    with database.transaction("default") as tx:
        for seconds, mode in enumerate((Mode.SHADOW, Mode.SHADOW, Mode.ON, Mode.OFF)):
            switch(tx, mode, by=person("al"), request_id="r", now=NOW + timedelta(seconds=seconds))
    found = [entry["details"] for entry in recorded(database)]
    assert [(one["was"], one["is"]) for one in found] == [("off", "shadow"), ("shadow", "on"), ("on", "off")]
