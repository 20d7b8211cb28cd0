# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Weights of a route: the target gets its percentage and the others keep their proportions, whatever they were."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from arf_enterprise.actions.kubernetes_traffic import _MOST_WEIGHT, _shared

WEIGHTS = st.lists(st.integers(0, _MOST_WEIGHT), min_size=2, max_size=6)


@given(WEIGHTS, st.integers(1, 100))
def test_the_target_gets_its_percentage_and_the_others_keep_their_proportions(old: list[int], percentage: int) -> None:
    assume(sum(old[1:]) > 0)
    rule = [[f"backend-{number}", weight] for number, weight in enumerate(old)]
    new = [weight for _, weight in _shared(rule, "backend-0", percentage)]
    assert all(0 <= weight <= _MOST_WEIGHT for weight in new)
    total, others = sum(new), sum(old[1:])
    assert new[0] / total == pytest.approx(percentage / 100, abs=1e-4)
    for was, now in zip(old[1:], new[1:], strict=True):
        assert now / total == pytest.approx(was / others * (100 - percentage) / 100, abs=1e-4)


def test_a_rule_with_another_backend_alone_or_with_the_target_alone_stays() -> None:
    assert _shared([["elsewhere", 3]], "target", 50) == [["elsewhere", 3]]
    assert _shared([["target", 3]], "target", 50) == [["target", 3]]


def test_others_that_had_nothing_share_the_rest_evenly() -> None:
    assert _shared([["target", 1], ["a", 0], ["b", 0]], "target", 50) == [["target", 2], ["a", 1], ["b", 1]]
