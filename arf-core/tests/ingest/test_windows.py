# SPDX-License-Identifier: Apache-2.0
"""Windows and topologies as JSON."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from arf_core.errors import EventError, FormatError
from arf_core.ingest.windows import Baseline, read_baseline, read_edges, read_window
from arf_core.models.signal import SignalKind
from arf_core.models.window import Alerting

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def a_window(**changes: object) -> dict[str, object]:
    window: dict[str, object] = {
        "id": "case/0",
        "step_s": 60,
        "normal": {"orders": {"latency_p90_s": [0.1, None, 0.2]}},
        "abnormal": {"orders": {"latency_p90_s": [0.9, 1]}},
    }
    return {**window, **changes}


@pytest.mark.promise("EVT-2")
def test_a_window_is_read_with_its_missing_samples() -> None:
    window = read_window(a_window(), default_time=NOW)
    assert window.normal == {"orders": {"latency_p90_s": (0.1, None, 0.2)}}
    assert window.abnormal == {"orders": {"latency_p90_s": (0.9, 1.0)}}
    assert (window.step_s, window.ends_at, window.edges, window.alerting) == (60.0, NOW, (), None)


def test_the_labels_of_test_data_never_reach_the_analysis() -> None:
    labelled = a_window(root="orders", fault_type="cpu", system="shop", scenario="low")
    assert read_window(labelled, default_time=NOW) == read_window(a_window(), default_time=NOW)


def test_what_a_window_lacks_comes_from_its_baseline() -> None:
    baseline = read_baseline(b'{"step_s": 300, "edges": [["web", "orders"]], "normal": {"orders": {"x": [1, 2]}}}')
    record = {
        "abnormal": {"orders": {"x": [9]}},
        "alert": {"component": "web", "metric": "latency", "t": 1},
        "t": [60, 120],
    }
    window = read_window(record, baseline=baseline, default_time=NOW)
    assert (window.step_s, window.edges) == (300.0, (("web", "orders"),))
    assert window.normal == {"orders": {"x": (1.0, 2.0)}}
    assert window.alerting == Alerting(component="web", kind=SignalKind.LATENCY)
    assert window.ends_at == datetime(1970, 1, 1, 0, 2, tzinfo=UTC)


def test_a_list_of_edges_is_a_baseline_too() -> None:
    assert read_baseline([["a", "b"]]) == Baseline(edges=(("a", "b"),))


@pytest.mark.promise("EVT-1")
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"normal": None}, "normal is missing"),
        ({"abnormal": {}}, "abnormal is empty"),
        ({"abnormal": []}, "abnormal is []: it must be an object"),
        ({"abnormal": {"a": 7}}, "abnormal.a is 7"),
        ({"abnormal": {"a": {"x": "no"}}}, "abnormal.a.x is 'no': it must be a list"),
        ({"abnormal": {"a": {"x": [1, "NaN"]}}}, "abnormal.a.x[1] is 'NaN'"),
        ({"abnormal": {"a": {"x": [True]}}}, "abnormal.a.x[0] is True"),
        ({"abnormal": {"a\n": {"x": [1]}}}, "control characters"),
        ({"step_s": 0}, "step_s is 0.0"),
        ({"step_s": None}, "step_s is None"),
        ({"step_s": 1e300, "inject_t": 1}, "after the year 9999"),
        ({"ends_at": "2026-01-01T00:00:00"}, "ends_at is 2026-01-01T00:00:00"),
        ({"edges": [["a"]]}, "edges[0] is ['a']"),
        ({"alert": {"metric": "latency"}}, "alert.component is None"),
    ],
)
def test_a_bad_window_names_the_field_the_value_and_the_rule(changes: dict[str, object], told: str) -> None:
    with pytest.raises(EventError) as refused:
        read_window(a_window(**changes), default_time=NOW)
    assert told in str(refused.value)


def test_samples_that_are_no_numbers_are_missing() -> None:
    window = read_window(a_window(abnormal={"a": {"x": [float("nan"), float("-inf"), 1.0]}}), default_time=NOW)
    assert window.abnormal["a"]["x"] == (None, None, 1.0)


def test_edges_are_pairs_each_kept_once_in_order() -> None:
    assert read_edges(b'[["b", "c"], ["a", "b"], ["b", "c"]]') == (("b", "c"), ("a", "b"))
    assert read_edges({"edges": [["a", "a"]]}) == (("a", "a"),)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"7", b'[["a"]]', b'[["a", 7]]', b'{"edges": {"a": "b"}}', b'[["a", ""]]']
)
def test_what_is_no_topology_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        read_edges(data)
