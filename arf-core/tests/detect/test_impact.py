# SPDX-License-Identifier: Apache-2.0
"""Impact: the arithmetic is shown, and what is not known is said instead of guessed."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.detect.impact import Rates, estimate
from arf_core.errors import InputError, SettingsError

RATES = Rates(requests_per_user=5.0, revenue_per_request=0.02, currency="EUR")


@pytest.mark.promise("RCA-4")
def test_users_and_revenue_come_with_their_arithmetic() -> None:
    found = estimate(throughput=100.0, error_rate=0.25, duration_s=600.0, rates=RATES)
    assert found.users_affected == pytest.approx(300.0)
    assert found.revenue_at_risk == pytest.approx(300.0)
    assert found.currency == "EUR"
    assert found.missing == ()
    assert found.arithmetic == (
        "share of requests lost = error rate = 0.25",
        "requests lost a minute = 100 a second x 60 x 0.25 = 1500",
        "users affected a minute = 1500 requests / 5 requests a user = 300",
        "revenue at risk = 1500 requests a minute x 10 minutes x 0.02 EUR a request = 300 EUR",
    )


@pytest.mark.promise("RCA-4")
def test_without_rates_no_number_is_invented() -> None:
    found = estimate(throughput=100.0, error_rate=0.25, duration_s=600.0, rates=Rates())
    assert found.users_affected is None
    assert found.revenue_at_risk is None
    assert [line.split(":")[0] for line in found.missing] == [
        "requests_per_user",
        "revenue_per_request or revenue_per_minute",
    ]


@pytest.mark.promise("RCA-4")
def test_without_traffic_no_number_is_invented() -> None:
    found = estimate(throughput=None, error_rate=0.25, duration_s=600.0, rates=RATES)
    assert found.users_affected is None
    assert found.revenue_at_risk is None
    assert found.missing == ("throughput: the requests a second are not known",)


def test_without_an_error_rate_no_number_is_invented() -> None:
    found = estimate(throughput=10.0, error_rate=None, duration_s=60.0, rates=RATES)
    assert (found.users_affected, found.revenue_at_risk, found.arithmetic) == (None, None, ())
    assert found.missing == ("error_rate: the share of requests that fail is not known",)


def test_what_a_minute_earns_serves_where_the_traffic_is_not_known() -> None:
    found = estimate(throughput=None, error_rate=0.5, duration_s=120.0, rates=Rates(revenue_per_minute=40.0))
    assert found.revenue_at_risk == pytest.approx(40.0)
    assert found.arithmetic[-1] == "revenue at risk = share lost 0.5 x 2 minutes x 40 USD a minute = 40 USD"


def test_slowness_costs_only_what_people_say_it_costs() -> None:
    said = Rates(requests_per_user=1.0, lost_share_when_slow=0.5)
    found = estimate(throughput=10.0, error_rate=0.2, duration_s=60.0, rates=said, slow=True)
    assert found.users_affected == pytest.approx(600 * 0.6)
    unsaid = estimate(throughput=10.0, error_rate=0.2, duration_s=60.0, rates=RATES, slow=True)
    assert unsaid.users_affected == pytest.approx(600 * 0.2 / 5)
    assert unsaid.missing[0].startswith("lost_share_when_slow")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"requests_per_user": 0}, "requests_per_user is 0"),
        ({"revenue_per_request": -1.0}, "revenue_per_request is -1"),
        ({"revenue_per_minute": math.nan}, "revenue_per_minute is nan"),
        ({"lost_share_when_slow": 1.5}, "from 0 to 1"),
        ({"revenue_per_minute": "5"}, "revenue_per_minute is '5'"),
        ({"currency": ""}, "currency is ''"),
        ({"currency": "E\x1b[1m"}, "currency is"),
    ],
)
def test_rates_that_make_no_sense_are_refused_by_name(given: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        Rates(**given)


@pytest.mark.parametrize("given", [{"throughput": -1.0}, {"error_rate": 1.1}, {"duration_s": math.inf}])
def test_figures_out_of_their_range_are_refused(given: dict[str, float]) -> None:
    figures: dict[str, Any] = {"throughput": 1.0, "error_rate": 0.1, "duration_s": 1.0, **given}
    with pytest.raises(InputError, match=next(iter(given))):
        estimate(rates=RATES, **figures)


@given(
    st.none() | st.floats(0, 1e6),
    st.none() | st.floats(0, 1),
    st.floats(0, 1e6),
    st.none() | st.floats(0.001, 1e6),
    st.none() | st.floats(0, 1e6),
    st.booleans(),
)
def test_a_number_is_given_exactly_when_nothing_it_needs_is_missing(
    throughput: float | None,
    error_rate: float | None,
    duration_s: float,
    per_user: float | None,
    per_request: float | None,
    slow: bool,
) -> None:
    rates = Rates(requests_per_user=per_user, revenue_per_request=per_request)
    found = estimate(throughput=throughput, error_rate=error_rate, duration_s=duration_s, rates=rates, slow=slow)
    measured = throughput is not None and error_rate is not None
    assert (found.users_affected is not None) == (measured and per_user is not None)
    assert (found.revenue_at_risk is not None) == (measured and per_request is not None)
    assert bool(found.missing) == (slow or not (measured and per_user is not None and per_request is not None))
