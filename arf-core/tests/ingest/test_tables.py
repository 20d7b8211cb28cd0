# SPDX-License-Identifier: Apache-2.0
"""CSV: events, series and tidy series."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.errors import FormatError, InputError
from arf_core.ingest.tables import read_csv


@pytest.mark.promise("EVT-2")
def test_a_row_with_a_timestamp_is_an_event_and_an_empty_cell_says_nothing() -> None:
    batch = read_csv(
        b"timestamp,component,latency_p99_ms,error_pct,region\r\n"
        b'2026-01-02T03:04:05Z,"orders, eu",900,,eu\r\n'
        b"1700000000,cart,,42,\r\n"
    )
    first, second = batch.events
    assert (first.component, first.metrics, dict(first.labels)) == (
        "orders, eu",
        {"latency_p99": 900.0},
        {"region": "eu"},
    )
    assert (second.metrics, dict(second.labels)) == ({"error_rate": 0.42}, {})


@pytest.mark.parametrize("mark", [";", "\t"])
def test_other_separators_are_seen_in_the_header(mark: str) -> None:
    batch = read_csv(f"time{mark}service{mark}cpu_pct\n2026-01-02T03:04:05Z{mark}orders{mark}97\n".encode())
    assert batch.events[0].cpu_util == 0.97


@pytest.mark.promise("EVT-4")
def test_a_bad_row_is_reported_by_its_line_and_the_others_are_read() -> None:
    batch = read_csv(
        b"timestamp,component,error_rate\n"
        b"2026-01-02T03:04:05Z,orders,0.1\n"
        b"2026-01-02T03:04:05,orders,0.1\n"
        b"2026-01-02T03:04:05Z,orders\n"
        b"2026-01-02T03:04:05Z,orders,nan\n"
        b"2026-01-02T03:04:05Z,orders,-1\n"
        b"2026-01-02T03:04:05Z,orders,0.2\n"
    )
    assert [event.error_rate for event in batch.events] == [0.1, 0.2]
    assert [(fault.position, fault.where) for fault in batch.faults] == [(n, f"line {n}") for n in (3, 4, 5, 6)]
    assert "zone" in batch.faults[0].message
    assert "2 cells" in batch.faults[1].message


@pytest.mark.promise("EVT-2")
def test_rows_named_t_are_the_series_of_one_window() -> None:
    rows = [f"{1_700_000_000 + 60 * n},{name},{n},{n / 2 if n != 5 else ''}" for n in range(16) for name in ("a", "b")]
    (window,) = read_csv(("t,component,cpu_pct,queue_length\n" + "\n".join(rows)).encode(), edges=(("a", "b"),)).windows
    assert (window.step_s, window.edges) == (60.0, (("a", "b"),))
    assert window.ends_at == datetime.fromtimestamp(1_700_000_000 + 15 * 60, UTC)
    assert window.abnormal["a"]["cpu_pct"] == (13.0, 14.0, 15.0)
    assert window.normal["b"]["queue_length"][4:7] == (2.0, None, 3.0)


def test_tidy_rows_have_one_sample_each() -> None:
    rows = [f"{1_700_000_000 + 60 * n},orders,{metric},{n}" for n in range(8) for metric in ("x", "y")]
    (window,) = read_csv(("timestamp,component,metric,value\n" + "\n".join(rows)).encode()).windows
    assert window.normal["orders"]["y"] == (0.0, 1.0, 2.0, 3.0, 4.0)


def test_an_onset_cuts_the_series_there() -> None:
    rows = [f"{1_700_000_000 + 60 * n},orders,{n}" for n in range(8)]
    onset = datetime.fromtimestamp(1_700_000_000 + 60 * 6 - 30, UTC)
    (window,) = read_csv(("t,component,x\n" + "\n".join(rows)).encode(), onset=onset).windows
    assert window.abnormal["orders"]["x"] == (6.0, 7.0)


def test_a_bad_sample_is_a_fault_and_the_series_still_make_a_window() -> None:
    rows = [f"{1_700_000_000 + 60 * n},orders,{n if n != 3 else 'oops'}" for n in range(8)]
    batch = read_csv(("t,component,x\n" + "\n".join(rows)).encode())
    assert [fault.position for fault in batch.faults] == [5]
    assert batch.windows[0].normal["orders"]["x"][3] is None


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"a,b,c\n1,2,3\n", "no column for the time"),
        (b"timestamp,b,c\n1,2,3\n", "no column for the component"),
        (b"timestamp,component\n1,2\n", "no column for a metric"),
        (b"timestamp,component,x,x\n", "column twice"),
        (b"\xef\xbb\xbftimestamp,component,x\n", "byte order mark"),
        (b"timestamp,component,\xe9\n", "not UTF-8: byte 0xe9 at offset 20"),
        (b"timestamp,component,x\n\0", "NUL"),
    ],
)
def test_a_header_that_cannot_be_used_says_what_is_missing(data: bytes, told: str) -> None:
    with pytest.raises(FormatError) as refused:
        read_csv(data)
    assert told in str(refused.value)


def test_times_that_do_not_fit_each_other_do_not_ask_for_an_endless_grid() -> None:
    batch = read_csv(b"t,component,x\n0,a,1\n1,a,1\n2,a,1\n99999999999,a,1\n")
    assert batch.windows == ()
    assert "samples each" in batch.faults[0].message


@pytest.mark.promise("EVT-4")
@given(st.lists(st.text(alphabet="ab,;\"'\r\t 019.-:TZ", max_size=30), max_size=10))
def test_any_rows_give_a_batch_or_an_input_error(rows: list[str]) -> None:
    header = "timestamp,component,latency_p99\n"
    with contextlib.suppress(InputError):
        assert len(read_csv((header + "\n".join(rows)).encode())) <= len(rows)
