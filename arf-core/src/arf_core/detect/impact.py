# SPDX-License-Identifier: Apache-2.0
"""What an incident costs: users affected and revenue at risk, with the arithmetic shown.

Nothing is invented. Every number comes from the event, from how long it lasts, or from the rates people configured;
where one is missing, the estimate says which, and gives no number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Final

from arf_core.errors import InputError, SettingsError
from arf_core.models.outlook import Impact

_MINUTE_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What traffic is worth; each is None until people say.

    ``requests_per_user``: requests one user makes in a minute. ``revenue_per_request`` and ``revenue_per_minute`` in
    ``currency``: the first counts the requests that fail, the second what the whole component earns; with both, the
    first is used. ``lost_share_when_slow``: share of requests, from 0 to 1, lost while the latency is critical.

    Raises:
        SettingsError: a rate that is not a number in its range, or a currency that is not a short word.
    """

    requests_per_user: float | None = None
    revenue_per_request: float | None = None
    revenue_per_minute: float | None = None
    lost_share_when_slow: float | None = None
    currency: str = "USD"

    def __post_init__(self) -> None:
        for name in (field.name for field in fields(self) if field.name != "currency"):
            object.__setattr__(self, name, _checked_rate(name, getattr(self, name)))
        if self.requests_per_user == 0:
            raise SettingsError("requests_per_user is 0: it must be above 0, or left out")
        if not (0 < len(self.currency) <= 8 and self.currency.isalnum()):
            raise SettingsError(f"currency is {self.currency!r}: it must be 1 to 8 letters, such as EUR")


def estimate(
    *, throughput: float | None, error_rate: float | None, duration_s: float, rates: Rates, slow: bool = False
) -> Impact:
    """What it costs that ``error_rate`` of ``throughput`` (requests a second) fails for ``duration_s`` seconds.

    With ``slow``, the latency is critical and ``rates.lost_share_when_slow`` of the other requests is lost too.

    Raises:
        InputError: a figure out of its range.
    """
    _check_figures(throughput, error_rate, duration_s)
    steps: list[str] = []
    missing: list[str] = []
    lost = _lost_share(error_rate, rates, steps, missing, slow=slow)
    failing = _failing_a_minute(throughput, lost, steps, missing)
    users = _users(failing, rates, steps, missing)
    revenue = _revenue(failing, lost, duration_s / _MINUTE_S, rates, steps, missing)
    return Impact(
        users_affected=users,
        revenue_at_risk=revenue,
        currency=rates.currency,
        duration_s=duration_s,
        arithmetic=tuple(steps),
        missing=tuple(missing),
    )


def _lost_share(
    error_rate: float | None, rates: Rates, steps: list[str], missing: list[str], *, slow: bool
) -> float | None:
    when_slow = rates.lost_share_when_slow if slow else None
    if slow and when_slow is None:
        missing.append("lost_share_when_slow: no rate says how many requests are lost while the latency is critical")
    if error_rate is None and when_slow is None:
        missing.append("error_rate: the share of requests that fail is not known")
        return None
    failed = error_rate or 0.0
    share = failed + (1.0 - failed) * (when_slow or 0.0)
    if error_rate is None:
        steps.append(f"share of requests lost = {share:g} (lost while slow; the error rate is not known)")
    elif when_slow is None:
        steps.append(f"share of requests lost = error rate = {share:g}")
    else:
        steps.append(
            f"share of requests lost = error rate {failed:g} + {1 - failed:g} x "
            f"lost while slow {when_slow:g} = {share:g}"
        )
    return share


def _failing_a_minute(
    throughput: float | None, lost: float | None, steps: list[str], missing: list[str]
) -> float | None:
    if throughput is None:
        missing.append("throughput: the requests a second are not known")
    if throughput is None or lost is None:
        return None
    failing = throughput * _MINUTE_S * lost
    steps.append(f"requests lost a minute = {throughput:g} a second x 60 x {lost:g} = {failing:g}")
    return failing


def _users(failing: float | None, rates: Rates, steps: list[str], missing: list[str]) -> float | None:
    if rates.requests_per_user is None:
        missing.append("requests_per_user: no rate says how many requests a user makes in a minute")
    if failing is None or rates.requests_per_user is None:
        return None
    users = failing / rates.requests_per_user
    steps.append(
        f"users affected a minute = {failing:g} requests / {rates.requests_per_user:g} requests a user = {users:g}"
    )
    return users


def _revenue(
    failing: float | None,
    lost: float | None,
    minutes: float,
    rates: Rates,
    steps: list[str],
    missing: list[str],
) -> float | None:
    """By the requests lost where a price and the traffic are known, else by the share of what a minute earns."""
    money = rates.currency
    if rates.revenue_per_request is None and rates.revenue_per_minute is None:
        missing.append("revenue_per_request or revenue_per_minute: no rate says what the traffic earns")
    if failing is not None and rates.revenue_per_request is not None:
        revenue = failing * minutes * rates.revenue_per_request
        steps.append(
            f"revenue at risk = {failing:g} requests a minute x {minutes:g} minutes x "
            f"{rates.revenue_per_request:g} {money} a request = {revenue:g} {money}"
        )
        return revenue
    if lost is not None and rates.revenue_per_minute is not None:
        revenue = lost * minutes * rates.revenue_per_minute
        steps.append(
            f"revenue at risk = share lost {lost:g} x {minutes:g} minutes x "
            f"{rates.revenue_per_minute:g} {money} a minute = {revenue:g} {money}"
        )
        return revenue
    return None


def _check_figures(throughput: float | None, error_rate: float | None, duration_s: float) -> None:
    for name, value, most in (
        ("throughput", throughput, math.inf),
        ("error_rate", error_rate, 1.0),
        ("duration_s", duration_s, math.inf),
    ):
        if value is not None and not (math.isfinite(value) and 0 <= value <= most):
            raise InputError(f"{name} is {value!r}: it must be {_rule(most)}")


def _checked_rate(name: str, value: object) -> float | None:
    most = 1.0 if name == "lost_share_when_slow" else math.inf
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise SettingsError(f"{name} is {value!r}: it must be {_rule(most)}, or left out")
    if not math.isfinite(value) or not 0 <= value <= most:
        raise SettingsError(f"{name} is {value!r}: it must be {_rule(most)}, or left out")
    return float(value)


def _rule(most: float) -> str:
    return "a number of 0 or more" if most == math.inf else f"a number from 0 to {most:g}"
