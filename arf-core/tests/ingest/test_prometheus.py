# SPDX-License-Identifier: Apache-2.0
"""Answers of the Prometheus HTTP API."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.errors import FormatError
from arf_core.ingest.prometheus import Query, read_answer

START = 1_700_000_000


def a_series(values: Iterable[object], *, offset: float = 0, step: float = 15, **labels: str) -> dict[str, object]:
    labels = {"__name__": "http_request_duration_seconds", "job": "orders", **labels}
    return {"metric": labels, "values": [[START + offset + step * n, str(value)] for n, value in enumerate(values)]}


def an_answer(*series: object, kind: str = "matrix") -> bytes:
    return json.dumps({"status": "success", "data": {"resultType": kind, "result": list(series)}}).encode()


@pytest.mark.promise("EVT-2")
def test_a_matrix_becomes_a_window_of_its_components() -> None:
    answer = an_answer(a_series(range(40)), a_series(range(40), job="cart"))
    (window,) = read_answer(answer, query=Query(edges=(("orders", "cart"),))).windows
    assert sorted(window.normal) == ["cart", "orders"]
    assert window.step_s == 15
    assert window.abnormal["orders"]["http_request_duration_seconds"] == (35.0, 36.0, 37.0, 38.0, 39.0)
    assert window.ends_at == datetime.fromtimestamp(START + 15 * 39, UTC)
    assert window.edges == (("orders", "cart"),)


def test_nan_and_infinities_are_missing_samples() -> None:
    (window,) = read_answer(an_answer(a_series([0, "NaN", "+Inf", "-Inf", 4, 5, 6, 7]))).windows
    assert window.normal["orders"]["http_request_duration_seconds"] == (0.0, None, None, None, 4.0)


def test_series_scraped_at_other_offsets_line_up() -> None:
    answer = an_answer(a_series(range(8)), a_series(range(8), offset=6, job="cart"))
    (window,) = read_answer(answer).windows
    assert window.normal["cart"] == window.normal["orders"]


def test_a_series_that_begins_late_has_missing_samples_first() -> None:
    answer = an_answer(a_series(range(8)), a_series(range(2, 8), offset=30, job="cart"))
    (window,) = read_answer(answer).windows
    assert window.normal["cart"]["http_request_duration_seconds"] == (None, None, 2.0, 3.0, 4.0)


def test_an_onset_cuts_the_window_there() -> None:
    query = Query(onset=datetime.fromtimestamp(START + 15 * 7, UTC))
    (window,) = read_answer(an_answer(a_series(range(8))), query=query).windows
    assert window.abnormal["orders"]["http_request_duration_seconds"] == (7.0,)


def test_an_onset_outside_the_series_is_a_fault() -> None:
    batch = read_answer(an_answer(a_series(range(8))), query=Query(onset=datetime(1990, 1, 1, tzinfo=UTC)))
    assert batch.windows == ()
    assert "onset is 1990" in batch.faults[0].message


def test_two_series_of_one_metric_keep_apart_by_what_differs() -> None:
    answer = an_answer(a_series(range(8), code="200", zone="a"), a_series(range(8), code="500", zone="a"))
    (window,) = read_answer(answer).windows
    assert list(window.normal["orders"]) == [
        "http_request_duration_seconds{code=200}",
        "http_request_duration_seconds{code=500}",
    ]


def test_a_result_without_names_takes_those_of_the_query() -> None:
    series = {"metric": {}, "values": [[START + 60 * n, "1"] for n in range(4)]}
    (window,) = read_answer(an_answer(series), query=Query(metric="error_ratio", component="shop")).windows
    assert list(window.normal["shop"]) == ["error_ratio"]


@pytest.mark.promise("EVT-4")
def test_a_bad_series_is_reported_by_index_and_the_others_are_read() -> None:
    odd: dict[str, object] = {"metric": {"job": "x"}}
    bad = [7, {"metric": {}, "values": []}, {**odd, "values": [[1, 2]]}, {**odd, "histograms": []}]
    batch = read_answer(an_answer(*bad, a_series(range(8))))
    assert [fault.where for fault in batch.faults] == [f"result[{n}]" for n in range(4)]
    assert list(batch.windows[0].normal) == ["orders"]


@pytest.mark.promise("EVT-2")
def test_a_vector_becomes_events_of_the_canonical_metrics() -> None:
    instant = [
        {"metric": {"__name__": "latency_p99_seconds", "job": "orders"}, "value": [START, "0.9"]},
        {"metric": {"__name__": "cpu_usage_percent", "job": "orders"}, "value": [START, "97"]},
        {"metric": {"__name__": "queue_length", "job": "orders"}, "value": [START, "97"]},
    ]
    batch = read_answer(an_answer(*instant, kind="vector"))
    assert batch.events[0].metrics == {"latency_p99": 900.0, "cpu_util": 0.97}
    assert "queue_length" in batch.notes[0]


def test_a_failed_query_is_refused_with_what_prometheus_said() -> None:
    with pytest.raises(FormatError, match="bad_data: parse error at char 7"):
        read_answer(b'{"status":"error","errorType":"bad_data","error":"parse error at char 7"}')


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"status":"success"}',
        b'{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}',
        b'{"status":"success","data":{"resultType":"matrix","result":{}}}',
    ],
)
def test_what_is_no_answer_is_refused(body: bytes) -> None:
    with pytest.raises(FormatError):
        read_answer(body)


def test_an_empty_result_is_a_fault_and_not_a_crash() -> None:
    assert "empty" in read_answer(an_answer()).faults[0].message


_PAIR = st.tuples(st.integers(0, 2**40) | st.floats(0, 1e9), st.text(max_size=5) | st.floats().map(str)).map(list)


@pytest.mark.promise("EVT-4")
@given(st.lists(_PAIR, max_size=8))
def test_whatever_one_series_holds_the_answer_is_read(pairs: list[list[object]]) -> None:
    series = {"metric": {"job": "odd"}, "values": pairs}
    batch = read_answer({"status": "success", "data": {"resultType": "matrix", "result": [series, a_series(range(8))]}})
    assert len(batch.windows) + len(batch.faults) >= 1
