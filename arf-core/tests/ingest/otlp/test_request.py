# SPDX-License-Identifier: Apache-2.0
"""Requests: unknown fields, broken parts by position, what is recognised, and anything at all."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arf_core.errors import FormatError, InputError, TooLargeError
from arf_core.ingest.batch import Batch
from arf_core.ingest.formats import Format
from arf_core.ingest.otlp import looks_like_otlp, looks_like_protobuf, parse_json
from arf_core.ingest.reading import Surroundings, read

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GOOD = {"timeUnixNano": "1767323045000000001", "asDouble": 97.0}


def a_request(*points: object, **more: object) -> dict[str, object]:
    metric = {"name": "app.cpu.usage", "unit": "%", "gauge": {"dataPoints": list(points)}}
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "checkout"}}]}
    return {"resourceMetrics": [{"resource": resource, "scopeMetrics": [{"metrics": [metric]}], **more}]}


def encoded(value: object) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.promise("EVT-4")
def test_a_point_that_cannot_be_read_is_a_fault_by_its_number_and_place_and_loses_no_other() -> None:
    batch = parse_json(encoded(a_request(GOOD, {"asDouble": 1.0}, 7, {**GOOD, "timeUnixNano": 1767323105000000000})))
    assert [event.cpu_util for event in batch.events] == [0.97, 0.97]
    assert [(fault.position, fault.where) for fault in batch.faults] == [
        (2, "resourceMetrics[0].scopeMetrics[0].metrics[0].dataPoints[1]"),
        (3, "resourceMetrics[0].scopeMetrics[0].metrics[0].dataPoints[2]"),
    ]
    assert "timeUnixNano" in batch.faults[0].message


@pytest.mark.promise("EVT-4")
def test_broken_lists_and_metrics_are_faults_too() -> None:
    good = a_request(GOOD)["resourceMetrics"]
    assert isinstance(good, list)
    body = {"resourceMetrics": [3, {"scopeMetrics": {}}, {"scopeMetrics": [{"metrics": [{"name": "x"}, {}]}]}, *good]}
    batch = parse_json(body)
    assert len(batch.events) == 1
    assert [fault.where for fault in batch.faults] == [
        "resourceMetrics[0]",
        "resourceMetrics[1].scopeMetrics",
        "resourceMetrics[2].scopeMetrics[0].metrics[0]",
        "resourceMetrics[2].scopeMetrics[0].metrics[1]",
    ]


def test_fields_that_are_not_known_are_ignored_as_the_specification_demands() -> None:
    body = a_request({**GOOD, "invented": {"deep": [1]}}, schemaUrl="x", invented=True)
    assert len(parse_json(encoded({**body, "alsoInvented": 1})).events) == 1


def test_nanoseconds_may_be_numbers_that_a_double_cannot_hold() -> None:
    body = (
        b'{"resourceMetrics": '
        + encoded(a_request(GOOD)["resourceMetrics"]).replace(b'"1767323045000000001"', b"1767323045000000001")
        + b"}"
    )
    assert read(body, now=NOW).events == read(encoded(a_request(GOOD)), now=NOW).events != ()


def test_a_request_without_metrics_is_empty_and_traces_are_named() -> None:
    assert parse_json(b"{}") == Batch()
    assert parse_json(b'{"resourceMetrics": []}') == Batch()
    assert parse_json(b'{"anything": []}').notes == ("nothing was read: the request has no 'resourceMetrics'",)
    assert parse_json(b'{"resourceSpans": []}').notes == ("resourceSpans were ignored: only metrics are read",)


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"[]", "is a list"),
        (b'{"resource_metrics": []}', "resourceMetrics"),
        (b'{"resourceMetrics": [', "not JSON"),
        (b'{"resourceMetrics": [], "resourceMetrics": []}', "twice"),
        (b'{"resourceMetrics": [NaN]}', "NaN"),
        (b'{"resourceMetrics": ["\xff"]}', "UTF-8"),
        (b'{"resourceMetrics": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too deep"),
    ],
)
def test_what_is_no_request_is_refused_as_a_whole(data: bytes, named: str) -> None:
    with pytest.raises(FormatError, match=named):
        parse_json(data)


def test_a_file_of_requests_a_line_is_read_as_one_recording() -> None:
    lines = [encoded(a_request({**GOOD, "timeUnixNano": f"{(1767323045 + 60 * n) * 10**9}"})) for n in range(8)]
    for form in (Format.AUTO, Format.OTLP, Format.JSONL):
        batch = read(b"\n".join(lines), now=NOW, form=form)
        assert (len(batch.windows), len(batch.events), len(batch.faults)) == (1, 0, 0)
    cut = read(b"\n".join([*lines[:3], b'{"resourceMetrics": [{']), now=NOW, form=Format.JSONL)
    assert [(fault.position, fault.where) for fault in cut.faults] == [(4, "line 4")]
    assert len(cut.events) == 3


def test_a_small_gzip_of_a_huge_request_is_refused_by_its_size() -> None:
    bomb = gzip.compress(b'{"resourceMetrics": [' + b" " * 5_000_000 + b"]}")
    assert len(bomb) < 10_000
    with pytest.raises(TooLargeError, match="unpacks to more than"):
        read(bomb, now=NOW, surroundings=Surroundings(max_unpacked=1_000_000))


def test_text_and_cut_messages_are_not_taken_for_protobuf() -> None:
    for data in (
        b"",
        b"\n",
        b"\ncomponent,timestamp,latency_p99\n",
        b'\n{"a": 1}',
        b"\n\x05\x12abc",
        b"\n\xff\xff\xff\xff",
    ):
        assert not looks_like_protobuf(data)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(
                "resourceMetrics resource attributes key value stringValue intValue scopeMetrics scope metrics name"
                " unit gauge sum histogram exponentialHistogram summary dataPoints timeUnixNano startTimeUnixNano"
                " asDouble asInt flags bucketCounts explicitBounds count scale positive negative offset zeroCount min"
                " max aggregationTemporality isMonotonic quantileValues quantile".split()
            ),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=40,
)


@settings(max_examples=150, deadline=None)
@given(json_values)
def test_any_value_is_a_batch_or_an_input_error(value: object) -> None:
    shaped = value if isinstance(value, dict) else {"explicitBounds": value, "bucketCounts": value}
    each_kind = [
        {"name": "a", "unit": "s", kind: {"aggregationTemporality": 1, "dataPoints": [{**GOOD, **shaped}, value]}}
        for kind in ("gauge", "sum", "histogram", "exponentialHistogram", "summary")
    ]
    of_kinds = {"resourceMetrics": [{"scopeMetrics": [{"metrics": each_kind}]}]}
    for body in (value, {"resourceMetrics": value}, a_request(value), a_request(GOOD, value), of_kinds):
        try:
            batch = parse_json(body)  # type: ignore[arg-type]  # that is the point
        except InputError:
            continue
        assert isinstance(batch, Batch)


extreme = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 1e-320, 1.7e308, -1.7e308, 0.25]),
)
moments = st.sampled_from([1, 10**9, 1767323045 * 10**9, 1767323046 * 10**9, 1767323105 * 10**9, 253402299999999999999])
counts = st.sampled_from([0, 1, 7, 2**63, 2**64 - 1])
metrics = st.sampled_from(
    [
        "http.server.request.duration s",
        "rpc.server.duration ms",
        "system.cpu.utilization 1",
        "system.cpu.time s",
        "system.memory.usage By",
        "system.memory.utilization 1",
        "http.requests 1",
        "latency.p99 ns",
        "error.rate %",
        "x y",
    ]
)
states = st.sampled_from(["idle", "user", "used", "free", "500", "200"])


@st.composite
def sound_metrics(draw: st.DrawFn) -> dict[str, object]:
    """A metric whose every field keeps its rule, with values that no machine measures."""
    name, unit = draw(metrics).split()
    kind = draw(st.sampled_from(["gauge", "sum", "histogram", "exponentialHistogram", "summary"]))
    points = []
    for _ in range(draw(st.integers(1, 6))):
        bounds = sorted(set(draw(st.lists(extreme, max_size=3))))
        filled = [draw(counts) for _ in range(len(bounds) + 1)]
        shapes: dict[str, dict[str, object]] = {
            "histogram": {"explicitBounds": bounds, "bucketCounts": filled},
            "exponentialHistogram": {
                "scale": draw(st.integers(-10, 20)),
                "zeroThreshold": draw(extreme),
                "positive": {"offset": draw(st.sampled_from([-(2**31), 0, 2**31 - 1])), "bucketCounts": filled},
                "negative": {"bucketCounts": filled},
            },
            "summary": {"quantileValues": [{"quantile": 0.99, "value": draw(extreme)}]},
        }
        attributes = [{"key": key, "value": {"stringValue": draw(states)}} for key in ("state", "code")]
        times = {"timeUnixNano": draw(moments), "startTimeUnixNano": draw(moments), "attributes": attributes}
        extremes = {"min": draw(extreme), "max": draw(extreme)} if draw(st.booleans()) else {}
        points.append({**times, "asDouble": draw(extreme), **shapes.get(kind, {}), **extremes})
    shared = {"aggregationTemporality": draw(st.integers(1, 2)), "isMonotonic": draw(st.booleans())}
    return {"name": name, "unit": unit, kind: {"dataPoints": points, **shared}}


@settings(max_examples=150, deadline=None)
@given(st.lists(sound_metrics(), min_size=1, max_size=4))
def test_values_that_no_machine_measures_never_lose_the_others(drawn: list[dict[str, object]]) -> None:
    request = a_request(GOOD)
    groups = request["resourceMetrics"]
    assert isinstance(groups, list)
    groups[0]["scopeMetrics"][0]["metrics"].extend(drawn)
    batch = parse_json(request)
    assert batch.events or batch.windows or batch.faults
    for event in batch.events:
        assert all(0 <= value <= 1e300 for value in event.metrics.values())


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for form in (Format.OTLP, Format.AUTO):
        try:
            read(data, now=NOW, form=form)
        except InputError:
            continue


def test_only_an_object_with_the_list_looks_like_one() -> None:
    assert looks_like_otlp({"resourceMetrics": []})
    assert not looks_like_otlp({"resourceMetrics": {}})
