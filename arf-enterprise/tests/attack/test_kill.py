# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""kill -9 of writers, sequencers and Postgres at random points during writes: nothing is amiss afterwards.

Twelve kills; a hundred with ``ARF_FULL=1``, or by ``python scripts/crash_audit.py --kills 100``.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

import crash_audit
from crashes.figures import Figures

FULL = bool(os.environ.get("ARF_FULL"))


@pytest.mark.promise("AUD-1")
def test_whatever_is_killed_there_is_no_change_without_its_record_and_no_record_without_its_change(
    folder: Path,
) -> None:
    kills = 100 if FULL else 12
    figures = crash_audit.run(folder / "run", kills=kills, seed=random.SystemRandom().getrandbits(32))
    assert figures.amiss == [], figures.table()
    assert figures.kills.total() == kills
    assert figures.changes == figures.records > kills
    assert figures.acknowledged > kills
    assert figures.checkpoints > 1
    assert figures.inclusions > 0


def test_a_change_without_its_record_and_a_record_without_its_change_are_seen() -> None:
    """The comparison itself is no comparison that cannot fail."""
    figures = Figures()
    figures.expect(True, "never")
    figures.expect(False, "a change has no record")
    assert figures.amiss == ["a change has no record"]
    assert "a change has no record" in figures.table()
