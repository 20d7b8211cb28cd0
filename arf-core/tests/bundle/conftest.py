# SPDX-License-Identifier: Apache-2.0
"""One recipe that uses everything a recipe can have."""

from __future__ import annotations

import json

import pytest

from arf_core.bundle.recipe import Recipe, Source
from arf_core.config.oss_config import OSSConfig
from arf_core.testing import made_incident

READINGS = "".join(
    json.dumps({"component": "api", "timestamp": f"2026-01-02T03:{n:02}:05Z", "latency_p99": 900.5 if n == 30 else 20})
    + "\n"
    for n in range(40)
).encode()
SECRET = 873.125
"""A value that must not be in a reference bundle."""
WINDOW = json.dumps(
    {
        "id": "w1",
        "step_s": 60,
        "normal": {name: {"cpu_pct": [5, 6, 5, 4, 5, 6, 5, 5, 4, 5]} for name in ("front", "cart")},
        "abnormal": {"front": {"cpu_pct": [5, 6, 5]}, "cart": {"cpu_pct": [5, SECRET, SECRET]}},
        "ends_at": "2026-01-02T04:04:05Z",
    }
).encode()


@pytest.fixture
def recipe() -> Recipe:
    return Recipe(
        sources=(Source(data=READINGS), Source(data=WINDOW)),
        config=OSSConfig(latency_critical=450.0),
        memory=(made_incident("past", fault_type="cpu", action="scale_out"),),
        edges=(("front", "cart"),),
        note="the storm of January",
    )
