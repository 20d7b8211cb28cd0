# SPDX-License-Identifier: Apache-2.0
"""What lies ahead of an incident, in the advice about it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from arf_core import Advisor, OSSConfig
from arf_core.models.window import Window
from arf_core.testing import MOMENT, made_event, made_window


def rising(last: float) -> Window:
    """The made window, with memory of cart that has risen by a point a minute to ``last`` percent."""
    window = made_window()
    course = [last - 23 + place for place in range(24)]
    normal = {**window.normal, "cart": {**window.normal["cart"], "memory_pct": course[:20]}}
    abnormal = {**window.abnormal, "cart": {**window.abnormal["cart"], "memory_pct": course[20:]}}
    return replace(window, normal=normal, abnormal=abnormal)


@pytest.mark.promise("RCA-3")
def test_a_metric_on_its_way_to_its_threshold_is_announced_with_its_time() -> None:
    (found,) = Advisor().advise(rising(60.0)).outlook
    assert (found.component, found.metric, found.threshold) == ("cart", "memory_util", 0.9)
    assert found.forecast.seconds_to_threshold == pytest.approx(30 * 60, rel=0.05)


def test_a_threshold_far_beyond_what_was_seen_is_not_announced() -> None:
    window = rising(60.0)
    creeping = [37.0 + place / 100 for place in range(20)]
    normal = {**window.normal, "cart": {**window.normal["cart"], "memory_pct": creeping}}
    assert Advisor().advise(replace(window, normal=normal, abnormal=made_window().abnormal)).outlook == ()


@pytest.mark.promise("RCA-4")
def test_an_impact_is_counted_from_configured_rates_and_shows_its_arithmetic() -> None:
    event = replace(made_event(error_rate=0.5), throughput=100.0)
    config = OSSConfig(requests_per_user=60, revenue_per_request=0.01, currency="EUR")
    impact = Advisor(config).advise(event).impact
    assert impact is not None
    assert impact.users_affected == pytest.approx(50.0)
    assert impact.revenue_at_risk == pytest.approx(0.5 * 100 * 60 * 0.01)
    assert any("0.5" in step for step in impact.arithmetic)


def test_without_rates_no_impact_is_invented() -> None:
    assert Advisor().advise(made_event(error_rate=0.5)).impact is None


def test_a_reading_has_no_outlook() -> None:
    advice = Advisor().advise(made_event())
    assert advice.outlook == ()
    assert advice.at == MOMENT
