# SPDX-License-Identifier: Apache-2.0
"""What the names of metrics say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.models.signal import Direction, SignalKind
from arf_core.vocabulary import Side, sense_of, words_of


@pytest.mark.parametrize(
    ("metric", "kind", "adverse"),
    [
        ("http_request_duration_seconds", SignalKind.LATENCY, Direction.UP),
        ("latency-90", SignalKind.LATENCY, Direction.UP),
        ("dest_p95", SignalKind.LATENCY, Direction.UP),
        ("http_response_time_ms", SignalKind.LATENCY, Direction.UP),
        ("http_responses_5xx", SignalKind.ERRORS, Direction.UP),
        ("success_rate", SignalKind.ERRORS, Direction.DOWN),
        ("container.cpu.usage", SignalKind.CPU, Direction.UP),
        ("node_memory_MemAvailable_bytes", SignalKind.MEMORY, Direction.DOWN),
        ("availability_pct", SignalKind.AVAILABILITY, Direction.DOWN),
        ("pod_restarts", SignalKind.AVAILABILITY, Direction.UP),
        ("requests_5min", SignalKind.TRAFFIC, Direction.DOWN),
        ("workload", SignalKind.TRAFFIC, Direction.DOWN),
        ("network_receive_errors", SignalKind.NETWORK, Direction.UP),
        ("net_rx_bytes", SignalKind.NETWORK, None),
        ("diskio", SignalKind.DISK, Direction.UP),
        ("disk_free_bytes", SignalKind.DISK, Direction.DOWN),
        ("syscall_read", SignalKind.OTHER, None),
        ("HighErrorRate", SignalKind.ERRORS, Direction.UP),
        ("colour", SignalKind.OTHER, None),
    ],
)
def test_a_name_says_what_a_metric_is_about_and_which_way_is_bad(
    metric: str, kind: SignalKind, adverse: Direction | None
) -> None:
    assert (sense_of(metric).kind, sense_of(metric).adverse) == (kind, adverse)


@pytest.mark.parametrize(
    ("metric", "side"),
    [
        ("latency_server_p90_s", Side.SERVED),
        ("latency_caller_p50_s", Side.CALLERS),
        ("latency_client_p90_s", Side.OUTGOING),
        ("src_p90", Side.OUTGOING),
    ],
)
def test_a_name_says_from_where_requests_are_seen(metric: str, side: Side) -> None:
    assert sense_of(metric).side is side


def test_averages_are_told_from_percentiles() -> None:
    assert sense_of("latency_avg_s").mean
    assert not sense_of("latency_p90_s").mean


def test_words_are_split_at_case_digits_and_punctuation() -> None:
    assert words_of("HighErrorRate p99 http_5xx") == ("high", "error", "rate", "p99", "http", "5xx")


@given(st.text())
def test_any_text_has_a_sense(text: str) -> None:
    assert sense_of(text).words == words_of(text)
