# SPDX-License-Identifier: Apache-2.0
"""Which component is the cause."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.diagnose.rank import EXPLAINED, rank
from arf_core.diagnose.shift import shifts
from arf_core.models.signal import SignalKind
from arf_core.models.window import Alerting, Series, Window

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WAVE = (1.0, 1.1, 0.9, 1.0, 1.2, 0.8, 1.0, 1.1, 0.9, 1.0)
LEVEL = {
    "cpu_pct": 20.0,
    "memory_pct": 30.0,
    "latency_server_avg_s": 0.05,
    "latency_caller_p50_s": 0.02,
    "latency_callee_p50_s": 0.02,
    "throughput_ops": 100.0,
    "availability_pct": 100.0,
}
EDGES = (("front", "cart"), ("front", "pay"), ("pay", "bank"), ("cart", "store"))
NAMES = ("bank", "cart", "front", "pay", "store")


def series(**times: dict[str, float]) -> Series:
    """Four samples of every component at its level, multiplied by what ``times`` says of a component's metrics."""
    return {
        name: {
            metric: tuple(level * times.get(name, {}).get(metric, 1.0) for _ in range(4))
            for metric, level in LEVEL.items()
        }
        for name in NAMES
    }


NORMAL: Series = {
    name: {
        metric: tuple(level if metric == "availability_pct" else level * wave for wave in WAVE)
        for metric, level in LEVEL.items()
    }
    for name in NAMES
}


def window(abnormal: Series, *, edges: tuple[tuple[str, str], ...] = EDGES, alert: Alerting | None = None) -> Window:
    return Window(normal=NORMAL, abnormal=abnormal, step_s=60, ends_at=NOW, edges=edges, alerting=alert)


SLOW_BANK = series(
    bank={"latency_server_avg_s": 3.0}, pay={"latency_server_avg_s": 3.0}, front={"latency_server_avg_s": 3.0}
)
LATENCY_AT_FRONT = Alerting(component="front", kind=SignalKind.LATENCY)


@pytest.mark.promise("RCA-1")
@pytest.mark.parametrize("edges", [EDGES, ()])
def test_a_busy_component_is_found_with_and_without_topology(edges: tuple[tuple[str, str], ...]) -> None:
    slow = series(cart={"cpu_pct": 4.5, "latency_server_avg_s": 5.0}, front={"latency_server_avg_s": 2.0})
    causes = rank(window(slow, edges=edges))
    assert (causes[0].component, causes[0].kind) == ("cart", SignalKind.CPU)
    assert [cause.rank for cause in causes] == [1, 2, 3, 4, 5]
    assert sum(cause.share for cause in causes) == pytest.approx(1)


@pytest.mark.promise("RCA-1")
def test_the_deepest_component_that_explains_its_callers_is_to_blame() -> None:
    causes = rank(window(SLOW_BANK, alert=LATENCY_AT_FRONT))
    assert (causes[0].component, causes[0].path) == ("bank", ("front", "pay", "bank"))
    assert causes[0].kind is SignalKind.LATENCY


def test_without_topology_the_excess_is_sought_everywhere() -> None:
    slow = series(store={"latency_server_avg_s": 3.0, "memory_pct": 1.0}, front={"latency_server_avg_s": 3.0})
    noisy = {**slow, "pay": {**slow["pay"], "availability_pct": (10.0,) * 4, "cpu_pct": (99.0,) * 4}}
    best = rank(window(noisy, edges=(), alert=LATENCY_AT_FRONT))[0]
    assert (best.component, best.path) == ("store", ())
    assert best.chain[-2].conclusion == "100% of the excess at front rests at store"


def test_failures_are_followed_down_the_calls() -> None:
    failing = series(
        store={"availability_pct": 0.9, "cpu_pct": 1.0},
        cart={"availability_pct": 0.9},
        front={"availability_pct": 0.9},
        pay={"latency_server_avg_s": 9.0},
    )
    causes = rank(window(failing, alert=Alerting(component="front", kind=SignalKind.AVAILABILITY)))
    assert (causes[0].component, causes[0].kind) == ("store", SignalKind.AVAILABILITY)


def test_delay_that_only_callers_see_is_the_network() -> None:
    causes = rank(window(series(pay={"latency_caller_p50_s": 20.0})))
    assert (causes[0].component, causes[0].kind) == ("pay", SignalKind.NETWORK)


@pytest.mark.parametrize(("metric", "kind"), [("diskio", SignalKind.DISK), ("tx_dropped", SignalKind.NETWORK)])
def test_other_resources_count_where_they_are_measured(metric: str, kind: SignalKind) -> None:
    normal = {name: {**metrics, metric: WAVE} for name, metrics in NORMAL.items()}
    abnormal = {name: {**metrics, metric: (1.0,) * 4} for name, metrics in series().items()}
    abnormal["store"][metric] = (30.0,) * 4
    best = rank(replace(window(abnormal), normal=normal))[0]
    assert (best.component, best.kind) == ("store", kind)


def test_slow_answers_without_a_busy_processor_or_a_slow_network_come_from_the_code() -> None:
    slow = series(pay={"latency_server_avg_s": 6.0, "latency_caller_p50_s": 6.0, "latency_callee_p50_s": 6.0})
    assert (rank(window(slow))[0].component, rank(window(slow))[0].kind) == ("pay", SignalKind.ERRORS)


def test_a_component_that_stops_calling_its_callees_is_found_by_their_silence() -> None:
    silent = series(cart={"throughput_ops": 0.1}, pay={"throughput_ops": 0.1})
    causes = rank(window(silent))
    assert (causes[0].component, causes[0].kind) == ("front", SignalKind.TRAFFIC)


def test_the_calls_a_component_makes_do_not_count_against_it() -> None:
    normal = {name: {**metrics, "latency_client_p90_s": WAVE} for name, metrics in NORMAL.items()}
    abnormal = {name: {**metrics, "latency_client_p90_s": (1.0,) * 4} for name, metrics in series().items()}
    abnormal["front"]["latency_client_p90_s"] = (99.0,) * 4
    causes = rank(replace(window(abnormal), normal=normal))
    assert {cause.score for cause in causes} == {0.0}
    assert [cause.component for cause in causes] == list(NAMES)


@pytest.mark.promise("RCA-2")
def test_the_chain_names_signals_values_baselines_and_what_follows() -> None:
    best = rank(window(SLOW_BANK, alert=LATENCY_AT_FRONT))[0]
    shift, topology, place = best.chain
    assert (shift.step, shift.signal) == ("shift", "bank latency_server_avg_s")
    assert shift.value == pytest.approx(0.15)
    assert shift.baseline == pytest.approx(0.05)
    assert (topology.step, topology.signal) == ("topology", "front → pay → bank")
    assert topology.conclusion == "100% of the excess at front rests at bank"
    assert place.step == "rank"
    assert place.value == pytest.approx(best.share, abs=1e-3)


@pytest.mark.promise("RCA-2")
def test_every_cause_people_read_has_a_chain_that_ends_in_its_place() -> None:
    for cause in rank(window(SLOW_BANK))[:EXPLAINED]:
        assert cause.chain[-1].step == "rank"
        assert f"number {cause.rank}" in cause.chain[-1].conclusion


def test_the_unit_of_latency_does_not_change_the_ranking() -> None:
    def in_ms(part: Series) -> Series:
        return {
            name: {
                metric.replace("_s", "_ms") if metric.endswith("_s") else metric: tuple(
                    value * 1000 if metric.endswith("_s") and value is not None else value for value in values
                )
                for metric, values in metrics.items()
            }
            for name, metrics in part.items()
        }

    seconds = window(SLOW_BANK, alert=LATENCY_AT_FRONT)
    milliseconds = replace(seconds, normal=in_ms(NORMAL), abnormal=in_ms(SLOW_BANK))
    assert [cause.component for cause in rank(milliseconds)] == [cause.component for cause in rank(seconds)]


factors = st.dictionaries(
    st.sampled_from(NAMES),
    st.dictionaries(st.sampled_from(sorted(LEVEL)), st.floats(min_value=0, max_value=20), max_size=3),
)
alerts = st.none() | st.builds(
    Alerting, component=st.sampled_from([*NAMES, "ghost"]), kind=st.sampled_from(list(SignalKind))
)
graphs = st.lists(st.tuples(st.sampled_from([*NAMES, "ghost"]), st.sampled_from([*NAMES, "ghost"])), max_size=12)


@given(factors, graphs, alerts)
def test_the_order_of_the_input_does_not_matter(
    times: dict[str, dict[str, float]], edges: list[tuple[str, str]], alert: Alerting | None
) -> None:
    first = window(series(**times), edges=tuple(edges), alert=alert)
    mirrored = replace(
        first,
        normal={name: dict(reversed(list(first.normal[name].items()))) for name in reversed(NAMES)},
        abnormal={name: dict(reversed(list(first.abnormal[name].items()))) for name in reversed(NAMES)},
        edges=tuple(reversed(edges)),
    )
    assert rank(mirrored) == rank(first)


@given(factors, graphs, alerts)
def test_renaming_components_renames_the_ranking(
    times: dict[str, dict[str, float]], edges: list[tuple[str, str]], alert: Alerting | None
) -> None:
    def new(name: str) -> str:
        return f"x-{name}"  # keeps the order of names, by which equals are ranked

    first = window(series(**times), edges=tuple(edges), alert=alert)
    renamed = replace(
        first,
        normal={new(name): metrics for name, metrics in first.normal.items()},
        abnormal={new(name): metrics for name, metrics in first.abnormal.items()},
        edges=tuple((new(caller), new(callee)) for caller, callee in edges),
        alerting=None if alert is None else replace(alert, component=new(alert.component)),
    )
    assert [(cause.component, cause.score) for cause in rank(renamed)] == [
        (new(cause.component), cause.score) for cause in rank(first)
    ]


@given(st.data(), graphs, alerts)
def test_missing_samples_metrics_and_components_break_nothing(
    data: st.DataObject, edges: list[tuple[str, str]], alert: Alerting | None
) -> None:
    samples = st.lists(st.none() | st.floats(), max_size=6)
    parts = st.dictionaries(st.sampled_from(NAMES), st.dictionaries(st.sampled_from(sorted(LEVEL)), samples))
    abnormal = data.draw(parts)
    if not abnormal:
        return
    subject = Window(
        normal=data.draw(parts), abnormal=abnormal, step_s=60, ends_at=NOW, edges=tuple(edges), alerting=alert
    )
    causes = rank(subject)
    assert sorted(cause.component for cause in causes) == sorted(abnormal)
    assert all(0 <= cause.share <= 1 and 0 <= cause.score < float("inf") for cause in causes)


def test_shifts_that_are_passed_on_give_the_same_ranking() -> None:
    subject = window(SLOW_BANK, alert=LATENCY_AT_FRONT)
    assert rank(subject, shifts(subject)) == rank(subject)
