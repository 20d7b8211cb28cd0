# SPDX-License-Identifier: Apache-2.0
"""Where an incident began, told from alerts and calls alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arf_core.diagnose.alerts import rank_alerts
from arf_core.models.incident import Incident
from arf_core.models.signal import CallSymptom, Direction, Signal, SignalKind
from arf_core.recall.embedding import SignalEmbedder
from arf_core.recall.focus import roots_of
from arf_core.recall.statistics import statistics_of

KINDS = {"cpu": SignalKind.CPU, "heap": SignalKind.MEMORY, "p99": SignalKind.LATENCY, "qps": SignalKind.TRAFFIC}


def moved(component: str, *metrics: str) -> tuple[Signal, ...]:
    return tuple(
        Signal(component=component, metric=metric, kind=KINDS[metric], direction=Direction.UP) for metric in metrics
    )


def incident(*signals: Signal, calls: tuple[CallSymptom, ...] = (), root: str | None = None) -> Incident:
    return Incident(
        incident_id="i",
        occurred_at=datetime(2026, 1, 1, tzinfo=UTC),
        signals=signals,
        calls=calls,
        component=root,
        fault_type=None if root is None else "known",
    )


def call(source: str, target: str, symptom: str = "PD") -> CallSymptom:
    return CallSymptom(source=source, target=target, operation="x", symptom=symptom)


def names(one: Incident) -> list[str]:
    return [cause.component for cause in rank_alerts(one)]


def test_without_memory_the_component_where_most_moved_comes_first() -> None:
    assert names(incident(*moved("a", "p99"), *moved("b", "cpu", "heap", "p99"), *moved("c", "cpu", "p99"))) == [
        "b",
        "c",
        "a",
    ]


def test_what_all_replicas_show_counts_less_than_what_one_shows() -> None:
    load = [signal for replica in ("web-0", "web-1", "web-2") for signal in moved(replica, "cpu", "qps")]
    assert names(incident(*load, *moved("db-0", "p99")))[0] == "db-0"


def test_with_memory_the_signal_that_earlier_roots_had_decides() -> None:
    earlier = [
        incident(*moved(f"r{n}", "heap"), *moved(f"x{n}", "p99", "qps"), *moved(f"y{n}", "p99", "qps"), root=f"r{n}")
        for n in range(30)
    ]
    asked = incident(*moved("quiet", "heap"), *moved("loud", "p99", "qps"))
    assert names(asked)[0] == "loud"
    causes = rank_alerts(asked, roots=roots_of(earlier, SignalEmbedder()))
    assert causes[0].component == "quiet"
    assert causes[0].share > 0.5


def test_shares_sum_to_one_and_ranks_count_from_one() -> None:
    causes = rank_alerts(incident(*moved("a", "p99"), *moved("b", "cpu"), calls=(call("a", "c"),)))
    assert [cause.rank for cause in causes] == [1, 2, 3]
    assert sum(cause.share for cause in causes) == pytest.approx(1.0, abs=1e-5)


def test_nothing_named_is_nothing_ranked() -> None:
    assert rank_alerts(incident()) == ()


def test_a_component_known_from_calls_only_is_ranked_too() -> None:
    (cause,) = rank_alerts(incident(calls=(call("-1", "web", "500"),)))
    assert (cause.component, cause.kind, cause.signals) == ("web", SignalKind.OTHER, ())


@pytest.mark.promise("RCA-2")
def test_every_conclusion_names_the_signal_its_value_its_baseline_and_the_step() -> None:
    measured = replace(moved("a", "cpu")[0], value=0.97, baseline=0.31)
    one = incident(measured, *moved("a", "p99"), calls=(call("web", "a", "500"),))
    (cause, *_) = rank_alerts(one, statistics=statistics_of([one]))
    assert [step.step for step in cause.chain] == ["what moved", "what moved", "calls", "rank"]
    assert (cause.chain[0].value, cause.chain[0].baseline) == (0.97, 0.31)
    assert (cause.chain[1].value, cause.chain[1].baseline) == ("up", "its normal band")
    assert cause.chain[0].conclusion == "cpu went up here and at no replica, seen in 1 of 1 incidents"
    assert "number 1" in cause.chain[-1].conclusion


@pytest.mark.parametrize(
    ("metrics", "kind"),
    [
        (("cpu",), SignalKind.CPU),
        (("cpu", "heap"), SignalKind.MEMORY),
        (("p99", "qps"), SignalKind.LATENCY),
        (("qps",), SignalKind.TRAFFIC),
    ],
)
def test_the_most_direct_kind_of_signal_is_the_dominant_one(metrics: tuple[str, ...], kind: SignalKind) -> None:
    assert rank_alerts(incident(*moved("a", *metrics)))[0].kind == kind


def test_a_cause_carries_the_way_from_the_caller_furthest_up() -> None:
    one = incident(*moved("db", "cpu"), calls=(call("web", "cart"),))
    causes = {cause.component: cause for cause in rank_alerts(one, edges=(("cart", "db"), ("edge", "web")))}
    assert causes["db"].path == ("edge", "web", "cart", "db")


def test_calls_in_a_circle_end() -> None:
    edges = (("a", "b"), ("b", "c"), ("c", "a"), ("a", "a"))
    (cause,) = rank_alerts(incident(*moved("a", "cpu")), edges=edges)
    assert cause.path == ("b", "c", "a")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.permutations([*moved("a", "cpu", "p99"), *moved("b-0", "heap"), *moved("b-1", "heap", "qps")]))
def test_the_order_of_alerts_changes_nothing(signals: list[Signal]) -> None:
    given_order = incident(*moved("a", "cpu", "p99"), *moved("b-0", "heap"), *moved("b-1", "heap", "qps"))
    assert rank_alerts(incident(*signals)) == rank_alerts(given_order)


def test_renaming_every_component_renames_the_answer_and_nothing_else() -> None:
    one = incident(*moved("a-0", "cpu", "p99"), *moved("a-1", "p99"), *moved("b", "heap"), calls=(call("a-0", "b"),))
    new = {"a-0": "x-0", "a-1": "x-1", "b": "y"}
    renamed = incident(
        *(replace(signal, component=new[signal.component]) for signal in one.signals), calls=(call("x-0", "y"),)
    )
    assert [new[name] for name in names(one)] == names(renamed)
