# SPDX-License-Identifier: Apache-2.0
"""Sums over remembered views, and what follows from them."""

from __future__ import annotations

import numpy as np
import pytest

from arf_core.recall.moments import Findings, Roots


def test_a_dimension_that_tells_findings_apart_weighs_most() -> None:
    findings = Findings(3)
    for turn in range(8):
        findings.add("leak", np.array([1.0, turn % 2, 0.0]))
        findings.add("burn", np.array([0.0, turn % 2, 0.0]))
    assert findings.weights() == pytest.approx([1.0, 0.0, 0.0])


@pytest.mark.parametrize("found", [[], ["leak"] * 5, ["leak", "burn"]])
def test_without_findings_to_compare_all_dimensions_weigh_the_same(found: list[str]) -> None:
    findings = Findings(2)
    for one in found:
        findings.add(one, np.array([1.0, 0.0]))
    assert findings.weights() == pytest.approx([1.0, 1.0])


def test_findings_that_no_dimension_tells_apart_leave_all_weights_the_same() -> None:
    findings = Findings(2)
    for one in ["leak", "burn"] * 4:
        findings.add(one, np.array([1.0, 0.0]))
    assert findings.weights() == pytest.approx([1.0, 1.0])


def test_what_was_taken_back_leaves_no_trace() -> None:
    findings, fresh = Findings(2), Findings(2)
    views = [("leak", np.array([1.0, 0.5])), ("burn", np.array([0.0, 0.7])), ("leak", np.array([0.9, 0.1]))]
    for name, view in views:
        findings.add(name, view)
        fresh.add(name, view)
    findings.add("other", np.array([5.0, 5.0]))
    findings.add("other", np.array([5.0, 5.0]), -1)
    assert findings.weights() == pytest.approx(fresh.weights())


def test_the_direction_leads_from_bystanders_to_roots() -> None:
    roots = Roots(2)
    for noise in np.linspace(-1, 1, 20):
        roots.add(np.array([[1.0, noise], [0.0, -noise], [0.1, noise / 2]]), 0)
    direction = roots.direction()
    assert direction is not None
    assert direction[0] > 1.0
    assert abs(direction[1]) < 0.2 * direction[0]


def test_few_roots_are_believed_less_than_many() -> None:
    few, many = Roots(1), Roots(1)
    views = np.array([[1.0], [0.0], [0.5]])
    few.add(views, 0)
    for _ in range(100):
        many.add(views, 0)
    weak, strong = few.direction(), many.direction()
    assert weak is not None
    assert strong is not None
    assert 0 < weak[0] < strong[0] / 2


def test_no_direction_is_known_before_the_first_root() -> None:
    roots = Roots(4)
    assert roots.direction() is None
    roots.add(np.ones((1, 4)), 0)
    assert roots.direction() is None


def test_a_root_taken_back_leaves_no_trace() -> None:
    roots, fresh = Roots(2), Roots(2)
    views = np.array([[1.0, 0.3], [0.0, 0.2], [0.4, 0.1]])
    other = np.array([[0.0, 7.0], [3.0, 0.0], [2.0, 2.0]])
    roots.add(views, 0)
    roots.add(other, 1)
    roots.direction()
    roots.add(other, 1, -1)
    fresh.add(views, 0)
    assert roots.direction() == pytest.approx(fresh.direction())


def test_views_that_are_all_alike_give_a_direction_without_a_division_by_zero() -> None:
    roots = Roots(3)
    roots.add(np.zeros((3, 3)), 1)
    assert roots.direction() == pytest.approx([0.0, 0.0, 0.0])
