# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Worlds whose truth is known, and real incidents: learning heals more, and autonomy is given only where it is safe.

``scripts/learning_simulation.py`` plays twenty longer worlds of each kind, ``scripts/learning_sock_shop.py`` adds the
cross-validation; docs/learning.md has their figures.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import learning_simulation
import learning_sock_shop

INCIDENTS = 800


@pytest.mark.promise("LRN-3")
@pytest.mark.parametrize("adversary", learning_simulation.ADVERSARIES)
def test_learning_loses_less_than_the_open_edition_and_no_autonomy_is_unsafe(adversary: str) -> None:
    """The estimates of the simulation are compared with the product's on the way: it plays with the real thing."""
    found = learning_simulation.played(1, adversary, incidents=INCIDENTS)
    assert found.regret < 0.8 * found.open_regret
    assert found.calibration < 0.25, "after so few incidents; docs/learning.md has what it comes to"
    assert found.unsafe_promotions == 0
    assert found.below_threshold == 0
    assert found.worst_credited < learning_simulation.BAR.lower / 2, "what heals by itself credits nothing"


@pytest.mark.promise("LRN-3")
def test_autonomy_is_earned_in_such_a_world_so_the_worlds_can_tell() -> None:
    """With everything on one component a hundred good outcomes come together, and one of the actions is promoted."""
    found = learning_simulation.played(3, "none", incidents=2500)
    assert found.promotions > 0
    assert found.unsafe_promotions == 0


@pytest.mark.promise("LRN-2")
@pytest.mark.skipif(not learning_sock_shop.DATA.is_dir(), reason="the fault data are not on this machine")
def test_on_real_alert_incidents_learning_chooses_better_than_the_open_edition() -> None:
    found = learning_sock_shop.on_the_test_half(Path(learning_sock_shop.DATA))
    assert isinstance(found["gain"], float)
    assert found["gain"] > 0
    assert found["learned_brier"] <= found["open_brier"]  # type: ignore[operator]  # floats
