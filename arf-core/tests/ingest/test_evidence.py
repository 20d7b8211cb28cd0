# SPDX-License-Identifier: Apache-2.0
"""What a sentence says about a metric, and, more important, what it does not say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.ingest.evidence import readings_in


def values_in(text: str) -> dict[str, float]:
    return {name: reading.value for name, reading in readings_in([("summary", text)]).items()}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("p99 900 ms on orders", {"latency_p99": 900.0}),
        ("p99=900ms (threshold 500ms)", {"latency_p99": 900.0}),
        ("99th percentile latency is 2 s", {"latency_p99": 2000.0}),
        ("Response time (p99) 2.5 s", {"latency_p99": 2500.0}),
        ("p95 latency: 1.2s", {"latency_p99": 1200.0}),
        ("error rate 42%", {"error_rate": 0.42}),
        ("Error rate: 12.5 percent", {"error_rate": 0.125}),
        ("5xx ratio is 0.31", {"error_rate": 0.31}),
        ("42% of requests are failing", {"error_rate": 0.42}),
        ("success rate dropped to 60%", {"error_rate": 0.4}),
        ("CPU at 97 %", {"cpu_util": 0.97}),
        ("container CPU usage is 140%", {"cpu_util": 1.0}),
        ("97% CPU 91% memory", {"cpu_util": 0.97, "memory_util": 0.91}),
        ("p99 900 ms, error rate 42%, memory 91%", {"latency_p99": 900.0, "error_rate": 0.42, "memory_util": 0.91}),
        ("CPU above 80%", {"cpu_util": 0.8}),
    ],
)
def test_a_quantity_with_a_unit_beside_a_signal_is_read(text: str, values: dict[str, float]) -> None:
    assert values_in(text) == pytest.approx(values)


@pytest.mark.parametrize(
    "text",
    [
        "SLO 500 ms", "latency SLO 500 ms", "CPU limit 80%", "memory grew by 30%", "memory 20% free", "CPU idle 3%",
        "CPU 30% higher than yesterday", "disk latency 900 ms", "average latency 900 ms", "p99 over 30 s",
        "p999 2s", "error rate is 3 per second", "error rate is 0.5 errors/s", "error rate 420%", "p99 900",
        "error budget 42% burned", "checkout-p99 12ms-7", "latency below 500 ms", "5xx on 10.0.0.5", "cpu 7",
        "no errors for 30 s", "uptime 900 ms", "p99 latency 1,200 ms",
    ],
)  # fmt: skip
def test_what_is_not_clearly_the_present_value_is_not_read(text: str) -> None:
    assert values_in(text) == {}


def test_the_origin_quotes_the_words_and_says_how_sure_they_are() -> None:
    reading = readings_in([("annotation summary", "latency is above 500 ms")])["latency_p99"]
    assert reading.origin == "annotation summary: latency is above 500 ms (a lower bound)"


def test_the_first_text_that_gives_a_metric_wins() -> None:
    assert readings_in([("a", "p99 1 s"), ("b", "p99 2 s")])["latency_p99"].value == 1000.0


@given(st.text(max_size=3000))
def test_any_text_gives_only_values_within_range(text: str) -> None:
    for name, value in values_in(text).items():
        assert 0 <= value <= (1 if name != "latency_p99" else 1e19)


@given(
    st.lists(
        st.sampled_from(["p99", "CPU", "memory", "error rate", "is", "above", "97", "%", "ms", " ", "of", "5xx"]),
        max_size=60,
    )
)
def test_any_order_of_telling_words_is_read_without_trouble(words: list[str]) -> None:
    assert set(values_in(" ".join(words))) <= {"latency_p99", "error_rate", "cpu_util", "memory_util"}
