# SPDX-License-Identifier: Apache-2.0
"""Which decisions change from one policy to another: exactly those, each with its reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from arf_core import Advisor
from arf_core.analysis import analyze
from arf_core.ingest.batch import Batch
from arf_core.models.event import ReliabilityEvent
from arf_core.policy.load import load, load_defaults
from arf_core.policy.rules import PolicySet
from arf_core.simulation import Difference, Simulation, What, simulate
from arf_core.testing import MOMENT, made_event, made_incident, made_window

HEAD = "schema: arf.healing-policies/1\npolicies:\n"


def rule(name: str, when: str, actions: str, **more: str) -> str:
    parts = {"priority": "1", "cooldown_s": "60", "max_per_hour": "50", **more}
    return (
        f"  - {{name: {name}, when: {when}, actions: {actions}, {', '.join(f'{k}: {v}' for k, v in parts.items())}}}\n"
    )


def policies(*rules: str) -> PolicySet:
    return load(HEAD + "".join(rules), file="p.yaml")


SLOW = rule("slow", "latency_p99 > 500", "[restart_container, alert_team]")


def simulated(batch: Batch, old: PolicySet, new: PolicySet) -> Simulation:
    return simulate(batch, old=Advisor(policies=old), new=Advisor(policies=new))


def differences(old: PolicySet, new: PolicySet, *events: ReliabilityEvent) -> list[Difference]:
    found = simulated(Batch(events=events or (made_event(),)), old, new)
    return [difference for changed in found.changed for difference in changed.differences]


@pytest.mark.promise("POL-2")
def test_the_same_policies_change_nothing_whatever_they_are_called() -> None:
    renamed = policies(rule("other-name", "latency_p99  >  500", "[restart_container, alert_team]"))
    batch = Batch(events=(made_event(),), windows=(made_window(),), incidents=(made_incident(),))
    assert simulated(batch, policies(SLOW), renamed).changed == ()
    assert simulated(batch, load_defaults(), load_defaults()).decided == 3


def test_a_rule_that_is_never_true_changes_nothing() -> None:
    assert differences(policies(SLOW), policies(SLOW, rule("b", "error_rate > 0.1", "[rollback]"))) == []


@pytest.mark.promise("POL-2")
def test_added_and_removed_actions_name_their_rule() -> None:
    higher = rule("very-slow", "latency_p99 > 1000", "[restart_container]")
    back = rule("back", "latency_p99 > 500", "[rollback, alert_team]")
    added, removed, *rest = differences(policies(SLOW), policies(higher, back))
    assert (added.what, added.subject, str(added.rule)) == (What.ADDED, "rollback checkout-api", "back (p.yaml:4)")
    assert (removed.what, removed.subject) == (What.REMOVED, "restart_container checkout-api")
    assert removed.because == "very-slow (p.yaml:3) refuses it: latency_p99 is 900, not > 1000"
    assert {one.what for one in rest} <= {What.CONFIDENCE}


@pytest.mark.promise("POL-2")
def test_another_order_another_confidence_and_other_parameters_are_changes() -> None:
    turned = rule("slow", "latency_p99 > 500", "[alert_team, restart_container]")
    assert {one.what for one in differences(policies(SLOW), policies(turned))} == {What.REORDERED, What.CONFIDENCE}
    patient = SLOW.replace("}\n", ", parameters: {restart_container: {grace_period: 60}}}\n")
    (found,) = differences(policies(SLOW), policies(patient))
    assert (found.what, found.because) == (What.PARAMETERS, "grace_period: 30 → 60")


@pytest.mark.promise("POL-2")
def test_cooldowns_count_in_the_stream() -> None:
    later = [replace(made_event(), timestamp=MOMENT + timedelta(seconds=400 * n)) for n in range(3)]
    longer = SLOW.replace("cooldown_s: 60", "cooldown_s: 600")
    found = simulated(Batch(events=tuple(later)), policies(SLOW), policies(longer))
    assert [changed.at for changed in found.changed] == [MOMENT + timedelta(seconds=400)]
    assert all("rests for 600 s" in one.because for one in found.changed[0].differences)


def test_the_counts_name_every_kind_and_add_up() -> None:
    found = simulated(Batch(events=(made_event(), made_event("db"))), load_defaults(), policies(SLOW))
    assert set(found.counts) == {what.value for what in What}
    assert sum(found.counts.values()) == sum(len(changed.differences) for changed in found.changed)


@pytest.mark.promise("POL-2")
def test_what_is_listed_is_what_two_analyses_say() -> None:
    batch = Batch(events=(made_event(error_rate=0.4), made_event("db", latency_p99=400.0)), windows=(made_window(),))
    old, new = load_defaults(), policies(SLOW)
    found = simulated(batch, old, new)
    before, after = (analyze(batch, Advisor(policies=one)).answered for one in (old, new))
    differing = {
        one.advice.incident_id
        for one, other in zip(before, after, strict=True)
        if [(i.action, i.confidence, i.parameters) for i in one.advice.intents]
        != [(i.action, i.confidence, i.parameters) for i in other.advice.intents]
    }
    assert {changed.incident_id for changed in found.changed} == differing
    assert differing


def test_progress_is_shown_for_both_passes() -> None:
    seen: list[int] = []

    def watch(work: list[object]) -> list[object]:
        seen.append(len(work))
        return work

    batch = Batch(events=(made_event(),))
    simulate(batch, old=Advisor(), new=Advisor(), watch=watch)  # type: ignore[arg-type]
    assert seen == [1, 1]
