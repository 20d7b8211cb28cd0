# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The gate: the most restrictive wins, what is not known permits nothing, and nothing exceeds the wish."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arf_core.models.action import Action
from arf_core.models.frozen import FrozenMap
from arf_core.models.healing_intent import HealingIntent
from arf_enterprise.actions.adapter import Change, Observation, Vitals
from arf_enterprise.governance import blast_radius
from arf_enterprise.governance.facts import NAMES, Asked, Facts, Ran
from arf_enterprise.governance.gate import Situation, decide, rule_on
from arf_enterprise.governance.policy import GovernancePolicy, load
from arf_enterprise.governance.ruling import BlastRadius, Ruling, Rung
from arf_enterprise.targets.target import Target

NOW = datetime(2026, 1, 7, 12, tzinfo=UTC)
PROVEN = "autonomous: {success_lower: 0.8, outcomes: 20}\n"
FACTS = Facts(
    tenant="default", action=Action.RESTART_CONTAINER, component="web", environment="staging", tier=3, owner="team-a",
    kind="stateless", confidence=0.9, requester_is_agent=True, outcomes=50, success_lower=0.9, instances=1, share=0.25,
    dependents=2, reversible=True,
)  # fmt: skip


def policy(rest: str, *, head: str = PROVEN) -> GovernancePolicy:
    return load(f"schema: arf.governance-policy/1\n{head}{rest}", file="p.yaml")


def rules(*pairs: tuple[str, str]) -> str:
    lines = (
        f"  - name: r{number}\n    when: |-\n      {when}\n    then: {then}\n"
        for number, (when, then) in enumerate(pairs)
    )
    return "rules:\n" + "".join(lines)


ALWAYS = rules(("true", "autonomous"))


def ruled(
    text: GovernancePolicy | str, facts: Facts = FACTS, *, wished: Rung = Rung.AUTONOMOUS, at: datetime = NOW,
    recent: tuple[Ran, ...] = (),
) -> Ruling:  # fmt: skip
    found = policy(text) if isinstance(text, str) else text
    return rule_on(found, Situation(facts=facts, wished=wished, now=at, recent=recent))


def ran(minutes: float = 1, **changes: str) -> Ran:
    return replace(
        Ran(action="restart_container", component="web", environment="staging", at=NOW - timedelta(minutes=minutes)),
        **changes,  # type: ignore[arg-type]
    )


@pytest.mark.promise("GOV-1")
def test_the_most_restrictive_rule_wins_and_says_where_it_stands() -> None:
    ruling = ruled(rules(("true", "autonomous"), ("tier <= 3", "require_approval"), ("tier == 1", "deny")))
    assert ruling.rung is Rung.REQUIRE_APPROVAL
    assert ruling.code is None
    first = ruling.reasons[0]
    assert (first.rule, first.place, first.says) == ("r1", "p.yaml:8", "‘tier <= 3’ is true")


@pytest.mark.promise("GOV-1")
def test_what_no_rule_is_for_is_denied() -> None:
    ruling = ruled(rules(('environment == "production"', "autonomous")))
    assert (ruling.rung, ruling.code, ruling.reasons[0].rule) == (Rung.DENY, "ARF-E-4111", "no rule")


@pytest.mark.promise("GOV-1")
@pytest.mark.parametrize("wished", Rung)
def test_nothing_exceeds_what_was_wished_for(wished: Rung) -> None:
    assert ruled(ALWAYS, wished=wished).rung is wished


@pytest.mark.promise("GOV-1")
def test_what_is_not_known_permits_nothing_and_restricts_as_if_it_were_true() -> None:
    unknown = replace(FACTS, success_lower=None, outcomes=0)
    grant = rules(('success_lower >= 0.5 || environment == "staging"', "autonomous"))
    assert ruled(grant).rung is Rung.AUTONOMOUS
    assert ruled(grant, unknown).code == "ARF-E-4111"
    forbid = rules(("true", "require_approval"), ("success_lower < 0.5", "deny"))
    assert ruled(forbid).rung is Rung.REQUIRE_APPROVAL
    denied = ruled(forbid, unknown)
    assert denied.rung is Rung.DENY
    assert denied.reasons[0].says == "‘success_lower < 0.5’: success_lower not known"
    elsewhere = rules(("true", "require_approval"), ('environment == "production" && success_lower < 0.5', "deny"))
    assert ruled(elsewhere, unknown).rung is Rung.REQUIRE_APPROVAL
    assert ruled(elsewhere, replace(unknown, environment="production")).rung is Rung.DENY
    failing = rules(("1 / 0 == 1 || success_lower > 0.5 || tier > 0", "autonomous"))
    assert ruled(failing, unknown).code == "ARF-E-4111"


@pytest.mark.promise("GOV-1")
def test_a_condition_that_fails_denies_whatever_it_would_have_said() -> None:
    text = rules(("true", "autonomous"), ('environment == "x" && parameters.scale_factor > 2.0', "autonomous"))
    assert ruled(text).rung is Rung.AUTONOMOUS
    failed = ruled(text, replace(FACTS, environment="x"))
    assert (failed.rung, failed.code) == (Rung.DENY, "ARF-E-4111")
    assert "cannot be decided" in failed.reasons[0].says
    for value in ("component", "1", "1.0", "[1]"):
        neither = rules(("true", "autonomous"), (f'tier == 3 ? {value} : environment == "x"', "autonomous"))
        assert ruled(neither).code == "ARF-E-4111"
        assert "neither true nor false" in ruled(neither).reasons[0].says


@pytest.mark.promise("GOV-1")
def test_a_ceiling_holds_where_it_is_for_and_nowhere_else() -> None:
    text = ALWAYS + "ceilings: [{name: c, where: {component: [web, pay], tier: 3}, at_most: advise}]\n"
    assert ruled(text).rung is Rung.ADVISE
    assert ruled(text, replace(FACTS, tier=2)).rung is Rung.AUTONOMOUS
    assert ruled(text, replace(FACTS, component="other")).rung is Rung.AUTONOMOUS
    for where in ("tenant: default", "environment: staging", "action: restart_container", "kind: stateless"):
        assert ruled(ALWAYS + f"ceilings: [{{name: c, where: {{{where}}}, at_most: deny}}]\n").code == "ARF-E-4111"


@pytest.mark.promise("GOV-1")
def test_an_advice_that_is_not_sure_enough_is_denied() -> None:
    text = ALWAYS + "minimum_confidence: 0.9\n"
    assert ruled(text).rung is Rung.AUTONOMOUS
    assert ruled(text, replace(FACTS, confidence=0.899)).code == "ARF-E-4111"


@pytest.mark.promise("GOV-1")
@pytest.mark.parametrize("changes", [{"success_lower": 0.79}, {"outcomes": 19}, {"success_lower": None}])
def test_nothing_runs_by_itself_before_it_went_well_often_enough(changes: dict[str, object]) -> None:
    assert ruled(ALWAYS).rung is Rung.AUTONOMOUS
    ruling = ruled(ALWAYS, replace(FACTS, **changes))  # type: ignore[arg-type]
    assert (ruling.rung, ruling.reasons[0].rule) == (Rung.REQUIRE_APPROVAL, "autonomous")


@pytest.mark.promise("GOV-1")
def test_what_cannot_be_undone_needs_a_permission_a_reason_and_more_people() -> None:
    final = replace(FACTS, reversible=False)
    explained = replace(final, irreversible_reason="the disk is full")
    assert ruled(ALWAYS, explained).code == "ARF-E-4133"
    text = ALWAYS + "allow_irreversible: {quorum: 3, where: {environment: staging}}\n"
    for said in (None, "", "  "):
        assert ruled(text, replace(final, irreversible_reason=said)).code == "ARF-E-4133"
    assert ruled(text, replace(explained, environment="production")).code == "ARF-E-4133"
    allowed = ruled(text, explained)
    assert (allowed.rung, allowed.quorum, allowed.code) == (Rung.REQUIRE_APPROVAL, 3, None)
    message = replace(final, action=Action.ALERT_TEAM, success_lower=None)
    assert ruled(ALWAYS, message).rung is Rung.AUTONOMOUS


@pytest.mark.promise("EXE-5")
@pytest.mark.parametrize(
    ("cap", "changes"),
    [("instances: 1", {"instances": 2}), ("share: 0.25", {"share": 0.26}), ("dependents: 2", {"dependents": 3})],
)
def test_what_reaches_further_than_a_cap_is_denied(cap: str, changes: dict[str, object]) -> None:
    text = ALWAYS + f"blast_radius: [{{name: b, where: {{tier: 3}}, {cap}}}]\n"
    assert ruled(text).rung is Rung.AUTONOMOUS
    further = replace(FACTS, **changes)  # type: ignore[arg-type]
    assert (ruled(text, further).code, ruled(text, further).reasons[0].rule) == ("ARF-E-4114", "b")
    assert ruled(text, replace(further, tier=4)).rung is Rung.AUTONOMOUS


@pytest.mark.promise("EXE-5")
def test_as_long_as_nothing_is_planned_there_is_at_most_advice() -> None:
    early = replace(FACTS, instances=None, share=None, dependents=None, reversible=None)
    text = rules(("share <= 0.5", "autonomous"), ("share > 0.5", "deny")) + "blast_radius: [{name: b, instances: 0}]\n"
    assert ruled(text, early).rung is Rung.ADVISE
    assert ruled(text).code == "ARF-E-4114"
    assert ruled(rules(('component == "other"', "autonomous")), early).rung is Rung.DENY
    assert (
        ruled(rules(("true", "autonomous"), ("share > 0.5 || success_lower < 0.1", "deny")), early).rung is Rung.ADVISE
    )


@pytest.mark.promise("GOV-1")
def test_a_freeze_denies_for_as_long_as_it_lasts() -> None:
    text = ALWAYS + 'freezes: [{name: noon, zone: UTC, from: "11:00", to: "13:00", where: {environment: staging}}]\n'
    ruling = ruled(text)
    assert (ruling.rung, ruling.code) == (Rung.DENY, "ARF-E-4112")
    assert ruling.reasons[0].says == "changes are frozen until 2026-01-07T13:00:00.000000Z (UTC)"
    assert ruled(text, at=NOW + timedelta(hours=1)).rung is Rung.AUTONOMOUS
    assert ruled(text, replace(FACTS, environment="dev")).rung is Rung.AUTONOMOUS
    softer = text.replace("zone: UTC", "zone: UTC, at_most: require_approval")
    assert (ruled(softer).rung, ruled(softer).code) == (Rung.REQUIRE_APPROVAL, None)


@pytest.mark.promise("GOV-1")
def test_a_rate_counts_what_it_is_for_and_keeps_counts_apart() -> None:
    text = ALWAYS + "rates: [{name: r, where: {action: restart_container}, each: [component], at_most: 2, per: hour}]\n"
    assert ruled(text, recent=(ran(), ran(component="other"), ran(action="rollback"))).rung is Rung.AUTONOMOUS
    assert ruled(text, recent=(ran(), ran(60), ran(61))).rung is Rung.AUTONOMOUS
    ruling = ruled(text, recent=(ran(), ran(59)))
    assert (ruling.code, ruling.reasons[0].place) == ("ARF-E-4113", "p.yaml:8")
    assert ruled(text.replace("hour", "day"), recent=(ran(), ran(23 * 60))).code == "ARF-E-4113"
    assert ruled(text.replace("at_most: 2", "at_most: 0")).code == "ARF-E-4113"


@pytest.mark.promise("GOV-1")
def test_setting_the_clock_back_gains_nothing() -> None:
    text = ALWAYS + "rates: [{name: r, at_most: 2, per: hour}]\n"
    recent = (ran(), ran(2))
    for hours in (0, 1, 5, 100):
        assert ruled(text, at=NOW - timedelta(hours=hours), recent=recent).code == "ARF-E-4113"


@pytest.mark.promise("GOV-1")
def test_the_first_step_that_denies_gives_the_code() -> None:
    text = ALWAYS + (
        "rates: [{name: r, at_most: 0, per: day}]\nblast_radius: [{name: b, instances: 0}]\n"
        "freezes: [{name: f, zone: UTC}]\n"
    )
    assert ruled(text).code == "ARF-E-4114"
    assert {reason.rule for reason in ruled(text).reasons if reason.rung is Rung.DENY} == {"r", "b", "f"}


@pytest.mark.promise("GOV-1")
def test_a_ruling_has_the_facts_that_it_was_made_from() -> None:
    ruling = ruled(ALWAYS, replace(FACTS, success_lower=None))
    assert set(ruling.facts) == {*NAMES, "parameters"}
    assert ruling.facts["success_lower"] is None
    assert ruling.policy_digest == policy(ALWAYS).digest
    assert FrozenMap(ruling.document())["rung"] == "require_approval"


@pytest.mark.promise("GOV-1")
def test_quorum_is_the_highest_and_time_the_shortest_of_what_applies() -> None:
    text = """rules:
  - {name: a, when: 'tier > 2', then: require_approval, quorum: 2}
  - {name: b, when: 'tier > 1', then: require_approval, expires_s: 60}
  - {name: c, when: 'tier > 3', then: require_approval, quorum: 9, expires_s: 1}
approval: {quorum: 1, expires_s: 600}
"""
    ruling = ruled(text)
    assert (ruling.quorum, ruling.expires_s) == (2, 60.0)


class Inventory:
    def dependents(self, component: str) -> tuple[str, ...]:
        return ("shop", "app") if component == "web" else ()


def intent(component: str = "web") -> HealingIntent:
    return HealingIntent(
        action=Action.SCALE_OUT, component=component, incident_id="inc-1", detected_at=NOW, justification="slow",
        confidence=0.9, parameters=FrozenMap({"scale_factor": 4}),
    )  # fmt: skip


def change(*, instances: int = 2, of_instances: int = 4, inverse: FrozenMap | None = None) -> Change:
    before = Observation(state=FrozenMap(), vitals=Vitals(exists=True))
    return Change(
        action=Action.SCALE_OUT, adapter="test", before=before, forward=FrozenMap(), inverse=inverse, summary="it",
        instances=instances, of_instances=of_instances,
    )  # fmt: skip


TARGET = Target(component="web", environment="staging", tier=3, owner="team-a", kind="stateless")


@pytest.mark.promise("EXE-5")
def test_a_real_intent_and_its_plan_become_the_facts() -> None:
    planned = change(inverse=FrozenMap({"to": 2}))
    blast = blast_radius.of(TARGET, planned, Inventory())
    assert blast == BlastRadius(instances=2, share=0.5, dependents=("app", "shop"))
    asked = Asked(
        intent=intent(), target=TARGET, change=planned, blast=blast, wished=Rung.AUTONOMOUS, requester_is_agent=False,
        tenant="acme", success_lower=0.9, outcomes=20,
    )  # fmt: skip
    when = (
        'action == "scale_out" && parameters.scale_factor == 4 && share == 0.5 && dependents == 2 && reversible'
        ' && tenant == "acme" && owner == "team-a" && !requester_is_agent && parameters.resource_profile == "standard"'
    )
    assert decide(policy(rules((when, "autonomous"))), asked, now=NOW, recent=()).rung is Rung.AUTONOMOUS
    early = replace(asked, change=None, blast=None)
    assert decide(policy(rules((when, "autonomous"))), early, now=NOW, recent=()).rung is Rung.ADVISE


@pytest.mark.promise("EXE-5")
@pytest.mark.parametrize(("instances", "of_instances", "share"), [(1, 0, 1.0), (5, 4, 1.0), (0, 4, 0.0), (-1, 4, 0.0)])
def test_a_share_is_never_told_smaller_than_it_can_be(instances: int, of_instances: int, share: float) -> None:
    assert blast_radius.of(TARGET, change(instances=instances, of_instances=of_instances), Inventory()).share == share


def test_what_does_not_belong_together_is_not_asked() -> None:
    with pytest.raises(ValueError, match="not the component"):
        Asked(
            intent=intent("pay"), target=TARGET, change=None, blast=None, wished=Rung.ADVISE, requester_is_agent=True,
            tenant="default",
        )  # fmt: skip
    with pytest.raises(ValueError, match="blast radius"):
        Asked(
            intent=intent(), target=TARGET, change=change(), blast=None, wished=Rung.ADVISE, requester_is_agent=True,
            tenant="default",
        )  # fmt: skip


CONDITIONS = (
    "true", "tier >= 3", "tier < 3", "share > 0.5", "success_lower >= 0.8", 'environment == "staging"',
    'action == "rollback" || dependents > 1', "requester_is_agent", "!reversible",
    'component == "x" && parameters.scale_factor > 1',
)  # fmt: skip
LABELS = tuple(rung.label for rung in Rung)
SOME_RULES = st.lists(st.tuples(st.sampled_from(CONDITIONS), st.sampled_from(LABELS)), min_size=1, max_size=5)
SHARES = st.floats(0, 1, allow_nan=False)
PLANS = st.one_of(
    st.none(), st.tuples(st.integers(0, 9), SHARES, st.integers(0, 9), st.booleans())
)  # fmt: skip


@st.composite
def some_facts(draw: st.DrawFn) -> Facts:
    plan = draw(PLANS)
    known = (None, None, None, None) if plan is None else plan
    return replace(
        FACTS, action=draw(st.sampled_from(Action)), component=draw(st.sampled_from(("web", "x"))),
        environment=draw(st.sampled_from(("staging", "production"))), tier=draw(st.integers(1, 4)),
        confidence=draw(SHARES), requester_is_agent=draw(st.booleans()), outcomes=draw(st.integers(0, 99)),
        success_lower=draw(st.one_of(st.none(), SHARES)), instances=known[0], share=known[1], dependents=known[2],
        reversible=known[3], irreversible_reason=draw(st.sampled_from((None, "why"))),
    )  # fmt: skip


@pytest.mark.promise("GOV-1")
@settings(max_examples=60, deadline=None)
@given(SOME_RULES, some_facts(), st.sampled_from(Rung), st.sampled_from(CONDITIONS), st.data())
def test_adding_a_rule_that_denies_never_permits_more(
    pairs: list[tuple[str, str]], facts: Facts, wished: Rung, when: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(pairs)))
    more = [*pairs[:place], (when, "deny"), *pairs[place:]]
    before, after = ruled(rules(*pairs), facts, wished=wished), ruled(rules(*more), facts, wished=wished)
    assert after.rung <= before.rung


@pytest.mark.promise("GOV-1")
@settings(max_examples=60, deadline=None)
@given(SOME_RULES, some_facts(), st.sampled_from(Rung), st.randoms())
def test_the_order_of_rules_decides_nothing(
    pairs: list[tuple[str, str]], facts: Facts, wished: Rung, random: st.Random  # type: ignore[name-defined]
) -> None:  # fmt: skip
    shuffled = list(pairs)
    random.shuffle(shuffled)
    first, second = ruled(rules(*pairs), facts, wished=wished), ruled(rules(*shuffled), facts, wished=wished)
    assert (first.rung, first.code, first.quorum) == (second.rung, second.code, second.quorum)


@pytest.mark.promise("GOV-1")
@settings(max_examples=60, deadline=None)
@given(SOME_RULES, some_facts(), st.sampled_from(Rung), st.sampled_from(Rung))
def test_no_rung_is_above_the_wish_a_ceiling_or_a_rule_that_holds(
    pairs: list[tuple[str, str]], facts: Facts, wished: Rung, ceiling: Rung
) -> None:
    text = rules(*pairs) + f"ceilings: [{{name: c, where: {{tenant: default}}, at_most: {ceiling.label}}}]\n"
    ruling = ruled(text, facts, wished=wished)
    assert ruling.rung <= min(wished, ceiling, *(reason.rung for reason in ruling.reasons))
    assert (ruling.code is None) is (ruling.rung is not Rung.DENY)
    assert facts.is_planned or ruling.rung <= Rung.ADVISE
    assert ruling.rung is not Rung.AUTONOMOUS or facts.action is Action.ALERT_TEAM or facts.reversible
