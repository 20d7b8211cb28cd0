# SPDX-License-Identifier: Apache-2.0
"""What a firing rule proves about a value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.ingest.expression import comparison_of, expression_of

ERRORS = 'sum by (job) (rate(http_requests_total{status=~"5.."}[5m])) / sum by (job) (rate(http_requests_total[5m]))'
P99 = "histogram_quantile(0.99, sum(rate(http_request_duration_seconds_bucket[5m])) by (le, job))"


@pytest.mark.parametrize(
    ("expression", "metric", "bound"),
    [
        ("demo_latency_p99_ms > 500", "latency_p99", 500.0),
        ("demo_latency_p99_ms >= 500", "latency_p99", 500.0),
        ("0.5 < demo_latency_p99_seconds", "latency_p99", 500.0),
        ('max by (job) (demo_latency_p99_ms{job="a > 1"}) > 500 and up > 0', "latency_p99", 500.0),
        (f"{P99} > 0.5", "latency_p99", 500.0),
        (f"{ERRORS} > 0.05", "error_rate", 0.05),
        (f"{ERRORS} * 100 > 5", "error_rate", 0.05),
        ("demo_error_ratio > 0.3", "error_rate", 0.3),
        ("avg_over_time(node_cpu_usage_percent[5m]) > 90", "cpu_util", 0.9),
        ("demo_memory_util > 0.9", "memory_util", 0.9),
    ],
)
def test_a_comparison_with_a_clear_left_side_gives_a_lower_bound(expression: str, metric: str, bound: float) -> None:
    found = comparison_of(expression)
    assert found is not None
    assert found.meaning is not None
    assert found.meaning.metric == metric
    assert found.bound == pytest.approx(bound)
    assert found.bound is not None
    assert (found.bound > bound) == (">=" not in expression)


@pytest.mark.parametrize(
    "expression",
    [
        "a > 1 or b > 2", "demo_throughput_rps < 5", "up == 0", "absent(up)", "", "demo_latency_p99_ms > other_ms",
        "vector(1)", "node_load1 > 4", "sum(rate(http_requests_total[5m])) > 100", "demo_latency_p99_ms / 2 > 500",
        "demo_latency_p99_ms - 100 > 500", "disk_io_duration_seconds > 1", "cpu_idle_percent > 3", "x > -1",
        "sum(rate(a_requests_total[5m])) / sum(rate(b_requests_total[5m])) > 0.5", "(" * 500,
    ],
)  # fmt: skip
def test_what_would_have_to_be_evaluated_gives_no_bound(expression: str) -> None:
    found = comparison_of(expression)
    assert found is None or found.bound is None


def test_the_expression_is_taken_from_the_generator_url() -> None:
    assert (
        expression_of("http://vm:9090/graph?g0.expr=demo_latency_p99_ms+%3E+500&g0.tab=1")
        == "demo_latency_p99_ms > 500"
    )


@pytest.mark.parametrize("url", ["", "http://[bad", "http://vm/graph", "?" + "a=1&" * 500])
def test_a_url_without_an_expression_gives_none(url: str) -> None:
    assert expression_of(url) is None


@given(st.text(alphabet="abc_:(){}[]\"'><=!*/ 019.,", max_size=300))
def test_any_expression_is_answered(expression: str) -> None:
    found = comparison_of(expression)
    assert found is None or found.bound is None or found.bound >= 0
