# SPDX-License-Identifier: Apache-2.0
"""Reading an input whose format nobody named."""

from __future__ import annotations

import contextlib
import gzip
import json
import random
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.errors import FormatError, InputError, TooLargeError
from arf_core.ingest.batch import Batch, joined
from arf_core.ingest.formats import DESCRIBED, Format
from arf_core.ingest.prometheus import Query
from arf_core.ingest.reading import Surroundings, read
from arf_core.ingest.windows import Baseline

NOW = datetime(2026, 1, 1, tzinfo=UTC)

EVENT = {"timestamp": "2026-01-02T03:04:05Z", "component": "orders", "latency_p99": 900}
WINDOW = {"step_s": 60, "normal": {"orders": {"x": [1, 2]}}, "abnormal": {"orders": {"x": [9]}}}
ALERTS = {"id": "i", "alerts": [{"component": "orders", "metric": "cpu", "direction": "up"}]}
WEBHOOK = {
    "version": "4",
    "alerts": [
        {"status": "firing", "startsAt": "2026-01-02T03:04:05Z", "labels": {"alertname": "A", "job": "orders"}},
        {"status": "firing", "startsAt": "yesterday", "labels": {"alertname": "A", "job": "orders"}},
    ],
}
ANSWER = {
    "status": "success",
    "data": {"resultType": "matrix", "result": [{"metric": {"job": "a"}, "values": [[n, "1"] for n in range(8)]}]},
}
METRIC = {
    "name": "cpu.usage",
    "unit": "%",
    "gauge": {"dataPoints": [{"timeUnixNano": "1767323045000000000", "asInt": 9}]},
}
RESOURCE = {"attributes": [{"key": "service.name", "value": {"stringValue": "orders"}}]}
OTLP = {"resourceMetrics": [{"resource": RESOURCE, "scopeMetrics": [{"metrics": [METRIC]}]}]}
PAGERDUTY = {"event_action": "trigger", "payload": {"summary": "x", "source": "orders", "severity": "error"}}
INCIDENT = {"id": "P1", "created_at": "2026-01-02T03:04:05Z", "title": "x", "service": {"summary": "orders"}}
WEBHOOK_3 = {"event": {"event_type": "incident.triggered", "occurred_at": "2026-01-02T03:04:05Z", "data": INCIDENT}}
DATADOG = {"alert_transition": "Triggered", "alert_id": "7", "title": "x", "tags": "service:orders"}
DATADOG_DEFAULT = {
    "body": "", "last_updated": "1767323045000", "event_type": "query_alert_monitor", "id": "1",
    "date": "1767323045000", "title": "[Warn on {service:orders}] x", "org": {"id": "1", "name": "acme"},
}  # fmt: skip
TABLE = b"timestamp,component,latency_p99\n2026-01-02T03:04:05Z,orders,900\n"


def sizes(batch: Batch) -> tuple[int, int, int, int]:
    return len(batch.events), len(batch.incidents), len(batch.windows), len(batch.faults)


@pytest.mark.promise("EVT-2")
@pytest.mark.parametrize(
    ("data", "found"),
    [
        (json.dumps(EVENT).encode(), (1, 0, 0, 0)),
        (json.dumps(EVENT, indent=2).encode(), (1, 0, 0, 0)),
        (json.dumps([EVENT, WINDOW, ALERTS, 7]).encode(), (1, 1, 1, 1)),
        (json.dumps(WINDOW).encode(), (0, 0, 1, 0)),
        (json.dumps(ALERTS).encode(), (0, 1, 0, 0)),
        (json.dumps(WEBHOOK).encode(), (1, 0, 0, 1)),
        (json.dumps(WEBHOOK, indent=1).encode(), (1, 0, 0, 1)),
        (json.dumps(ANSWER).encode(), (0, 0, 1, 0)),
        (json.dumps(OTLP).encode(), (1, 0, 0, 0)),
        (json.dumps(PAGERDUTY, indent=1).encode(), (1, 0, 0, 0)),
        (json.dumps(WEBHOOK_3).encode(), (1, 0, 0, 0)),
        (json.dumps(DATADOG).encode(), (1, 0, 0, 0)),
        (json.dumps(DATADOG_DEFAULT).encode(), (1, 0, 0, 0)),
        (json.dumps([OTLP, PAGERDUTY, WEBHOOK_3, DATADOG, DATADOG_DEFAULT, EVENT, 7]).encode(), (6, 0, 0, 1)),
        (b"\n".join(json.dumps(value).encode() for value in (OTLP, PAGERDUTY, DATADOG, EVENT)), (4, 0, 0, 0)),
        (b"\n".join(json.dumps(value).encode() for value in (EVENT, WEBHOOK, ANSWER, WINDOW, ALERTS)), (2, 1, 2, 1)),
        (TABLE, (1, 0, 0, 0)),
    ],
)
def test_the_format_is_seen_from_the_input(data: bytes, found: tuple[int, int, int, int]) -> None:
    assert sizes(read(data, now=NOW)) == found
    assert read(gzip.compress(data), now=NOW) == read(data, now=NOW)


@pytest.mark.parametrize(
    ("form", "data"),
    [
        (Format.ALERTMANAGER, json.dumps(WEBHOOK).encode()),
        (Format.PROMETHEUS, json.dumps(ANSWER).encode()),
        (Format.JSON, json.dumps(EVENT).encode()),
        (Format.JSONL, json.dumps(EVENT).encode()),
        (Format.CSV, TABLE),
        (Format.OTLP, json.dumps(OTLP).encode()),
        (Format.PAGERDUTY, json.dumps(PAGERDUTY).encode()),
        (Format.DATADOG, json.dumps(DATADOG).encode()),
    ],
)
def test_a_named_format_is_read_as_such_and_nothing_else(form: Format, data: bytes) -> None:
    assert len(read(data, now=NOW, form=form)) == 1
    with pytest.raises(FormatError):
        read(b"", now=NOW, form=form)


def test_an_event_of_our_own_is_not_taken_for_another_systems_by_a_word() -> None:
    own = {**EVENT, "event": "deploy", "alert": {"name": "A"}, "event_type": "x", "event_action": "y", "date": "today"}
    (event,) = read(json.dumps(own).encode(), now=NOW).events
    assert (event.component, event.source, event.latency_p99) == ("orders", "record", 900.0)


def test_every_format_is_described_and_its_example_says_how_to_read_it() -> None:
    assert {one.form for one in DESCRIBED} | {Format.AUTO} == set(Format)
    assert len(DESCRIBED) == len(Format) - 1
    assert len({one.example for one in DESCRIBED}) == len(DESCRIBED)


def test_a_fault_inside_a_line_says_both_places() -> None:
    batch = read(json.dumps(EVENT).encode() + b"\n" + json.dumps(WEBHOOK).encode(), now=NOW)
    assert (batch.faults[0].position, batch.faults[0].where) == (2, "line 2, alerts[1]")


def test_a_first_line_that_is_cut_does_not_hide_that_it_is_one_record_a_line() -> None:
    batch = read(b'{"timestamp": "2026-\n' + json.dumps(EVENT).encode() + b"\n", now=NOW)
    assert (len(batch.events), batch.faults[0].position) == (1, 1)


def test_a_single_record_that_is_bad_is_a_fault_with_its_rule() -> None:
    batch = read(json.dumps({**EVENT, "latency_p99": -5}).encode(), now=NOW)
    assert (len(batch), batch.faults[0].code) == (0, "ARF-1001")
    assert "latency_p99 is -5: it must be 0 or more" in batch.faults[0].message


def test_the_surroundings_give_windows_what_they_lack() -> None:
    around = Surroundings(
        baseline=Baseline(normal={"orders": {"x": (1.0,)}}, step_s=60.0), query=Query(edges=(("a", "b"),))
    )
    (window,) = read(b'{"abnormal": {"orders": {"x": [9]}}}', now=NOW, surroundings=around).windows
    assert (window.normal, window.edges, window.ends_at) == ({"orders": {"x": (1.0,)}}, (("a", "b"),), NOW)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "the input is empty"),
        (b" \n\t", "the input is empty"),
        ("{}".encode("utf-16"), "UTF-16"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b"\xff{}", "not CSV: the CSV is not UTF-8"),
        (b'{"component": "a", ', "not JSON: the input is not JSON"),
        (b"[" * 100_000, "nested too deep"),
        (b"7", "not CSV"),
        (b"{}", "no known shape"),
        (b'{"edges": []}', "is a baseline or a topology"),
        (b"hello, world", "no column for the time"),
        (gzip.compress(b"{}" * 50, mtime=0)[:-9], "cut short"),
        (b"\x1f\x8b\x08 nonsense", "gzip input is damaged"),
        (gzip.compress(b"", mtime=0), "empty"),
    ],
)
def test_what_fits_no_format_is_refused_with_what_was_tried(data: bytes, told: str) -> None:
    with pytest.raises(FormatError) as refused:
        read(data, now=NOW)
    assert told in str(refused.value)


def test_a_small_file_that_unpacks_to_a_huge_one_is_refused() -> None:
    bomb = gzip.compress(b" " * 10_000_000)
    with pytest.raises(TooLargeError, match="more than 1000000 bytes"):
        read(bomb, now=NOW, surroundings=Surroundings(max_unpacked=1_000_000))


def test_a_gzip_of_several_members_is_read_whole() -> None:
    line = json.dumps(EVENT).encode() + b"\n"
    assert len(read(gzip.compress(line) + gzip.compress(line), now=NOW)) == 2


def test_a_large_batch_is_read_whole() -> None:
    data = (json.dumps(EVENT).encode() + b"\n") * 20_000
    assert len(read(data, now=NOW).events) == 20_000


def test_inputs_are_joined_in_order() -> None:
    one, other = read(json.dumps(EVENT).encode(), now=NOW), read(json.dumps(WEBHOOK).encode(), now=NOW)
    assert joined([one, other]).events == (*one.events, *other.events)
    assert joined([one, other]).faults == other.faults


@pytest.mark.promise("EVT-4")
@given(st.binary(max_size=200), st.sampled_from(Format))
def test_any_bytes_give_a_batch_or_an_input_error(data: bytes, form: Format) -> None:
    with contextlib.suppress(InputError):
        assert len(read(data, now=NOW, form=form)) >= 0


@pytest.mark.promise("EVT-4")
@given(st.randoms(use_true_random=False))
def test_a_damaged_input_gives_a_batch_or_an_input_error(chance: random.Random) -> None:
    values = [json.dumps(value).encode() for value in (EVENT, WEBHOOK, ANSWER, WINDOW, ALERTS)]
    data = bytearray(chance.choice([*values, b"\n".join(values), TABLE, gzip.compress(values[0], mtime=0)]))
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(data))
        match chance.randrange(3):
            case 0:
                data[place] = chance.randrange(256)
            case 1:
                del data[place : place + chance.randint(1, 20)]
            case _:
                data[place:place] = chance.choice(
                    [b"1e999", b"NaN", b"null", b"[[", b'"\\ud800"', b"-", b"\n", b"9" * 400]
                )
        data = data or bytearray(b"{")
    with contextlib.suppress(InputError):
        assert len(read(bytes(data), now=NOW)) >= 0


_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
_ANY = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
_SHAPES: dict[str, Mapping[str, object]] = {
    "event": EVENT,
    "webhook": WEBHOOK,
    "answer": ANSWER,
    "window": WINDOW,
    "alerts": ALERTS,
}


@pytest.mark.promise("EVT-4")
@given(shape=st.sampled_from(sorted(_SHAPES)), data=st.data())
def test_whatever_stands_in_a_field_the_answer_is_a_batch_or_an_input_error(shape: str, data: st.DataObject) -> None:
    value = dict(_SHAPES[shape])
    value[data.draw(st.sampled_from(sorted(value)))] = data.draw(_ANY)
    with contextlib.suppress(InputError):
        assert len(read(json.dumps(value).encode(), now=NOW)) >= 0
