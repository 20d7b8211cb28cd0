# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Waiting after failures: when it begins and ends, and that the memory of it is bounded."""

from __future__ import annotations

import pytest

from arf_enterprise.identity import attempts
from arf_enterprise.identity.attempts import BURST, EVERY_S, Attempts, network_of


def test_after_a_burst_of_failures_one_waits_for_as_long_as_one_failure_counts() -> None:
    found = Attempts()
    begins = [found.failed("a", now=0.0) for _ in range(BURST)]
    assert begins == [False] * (BURST - 1) + [True]
    assert found.wait("a", now=0.0) == EVERY_S
    assert found.wait("a", now=EVERY_S - 0.5) == pytest.approx(0.5)
    assert found.wait("a", now=EVERY_S) == 0.0


def test_who_fails_slowly_never_waits() -> None:
    found = Attempts()
    for step in range(100):
        found.failed("a", now=step * EVERY_S)
        assert found.wait("a", now=(step + 1) * EVERY_S) == 0.0


def test_another_name_does_not_wait() -> None:
    found = Attempts()
    for _ in range(BURST * 5):
        found.failed("a", now=0.0)
    assert found.wait("b", now=0.0) == 0.0
    assert found.wait("a", now=0.0) > EVERY_S


def test_the_memory_is_bounded_and_keeps_who_failed_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "MOST", 5)
    found = Attempts()
    for number in range(1000):
        for _ in range(BURST):
            found.failed(f"client-{number}", now=0.0)
    assert len(found._by_name) == 5
    assert found.wait("client-999", now=0.0) > 0
    assert found.wait("client-0", now=0.0) == 0.0


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unix", "unix"),
    ],
)
def test_one_customer_is_one_caller(address: str, network: str) -> None:
    assert network_of(address) == network
