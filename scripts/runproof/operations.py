# SPDX-License-Identifier: Apache-2.0
"""Doctor, feature flags, shadow replay, plots by kind, and what of an export no command reaches."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Final

HELP: Final = ("doctor", "features", "replay")
GOOD: Final = (
    "doctor --out OUT --config arf.toml",
    "doctor --fix --config OUT/new.toml --json",
    "doctor --quiet",
    "features",
    "features --json",
    "features --quiet",
    "replay readings.jsonl --actions people.jsonl --window 30 --memory memory.jsonl --topology calls.json",
    "replay alerts.json --actions people.jsonl --policy policy.yaml --config arf.toml --json",
    "replay readings.jsonl --actions people.jsonl --quiet",
    "analyze window.json --topology calls.json --plot-kind graph",
    "analyze window.json --topology calls.json --plot OUT/graph.svg --plot-kind graph",
    "analyze window.json --plot OUT/window.svg --plot-kind window",
    "analyze window.json --plot OUT/ranking.svg --plot-kind ranking",
    "analyze window.json --plot-kind all",
    "export incidents --memory memory.jsonl --since 2000-01-01T00:00:00Z --until 2100-01-01T00:00:00Z",
)
BAD: Final = (
    "doctor --config none.toml",
    "replay readings.jsonl --actions none.jsonl",
    "replay readings.jsonl --actions empty --window 0",
    "analyze readings.csv --plot OUT/graph.svg --plot-kind graph",
    "export incidents --memory memory.jsonl --since yesterday",
    "export incidents --memory memory.jsonl --until 2026-01-02",
)
SURROUNDED: Final[tuple[tuple[str, int, dict[str, str]], ...]] = (
    ("doctor --production-readiness", 3, {}),
    ("doctor --production-readiness --help", 0, {}),  # it never succeeds otherwise: it belongs to Enterprise
    ("doctor", 6, {"ARF_LATENCY_CRITICAL": "fast", "ARF_LATENCY_CRITICL": "1", "TZ": "Mars/Olympus"}),
    ("doctor", 6, {"ARF_ENABLE_RECALL": "1", "ARF_POLICY_FILE": "none.yaml"}),
    ("doctor --out OUT/none", 1, {}),
    ("analyze window.json --topology calls.json --plot OUT/graph.png", 0 if find_spec("PIL") else 7, {}),
    ("features", 6, {"ARF_FEATURES": '{"recal": true}'}),
    ("features", 3, {"ARF_ENABLE_EXECUTION": "true"}),
    ("analyze readings.jsonl", 0, {"ARF_FEATURES": '{"terminal_plots": false, "recall": false, "impact": false}'}),
)
"""Command lines in an environment, each with its exit code."""


def write_inputs(folder: Path) -> None:
    """What people did, as ``arf replay`` reads it; one line of it is wrong."""
    lines = [
        {"at": "2026-01-02T03:34:05Z", "component": "api", "action": "restart_container", "outcome": "healed"},
        {"at": "2026-01-02T03:35:05Z", "component": "api", "action": "hotfix"},
        {"at": "2026-01-03T03:35:05Z", "component": "web", "action": "rollback"},
        {"at": "yesterday"},
    ]
    (folder / "people.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def drive() -> None:
    """What the commands do not reach."""
    _doctor()
    _shapes()
    _graph()


def _doctor() -> None:
    from arf_core.doctor import packages, surroundings
    from arf_core.doctor.around import Surroundings
    from arf_core.doctor.finding import About, Finding, State
    from arf_core.testing import MOMENT

    assert packages.installed()
    missing = packages.examined(packages.Requirement(name="no-such-package-of-arf", fits=">=1", extra=None))
    assert missing.state is State.FAILED
    with suppress(ValueError):
        Finding(check="x", about=About.SETTINGS, state=State.FAILED, found="no command")
    around = Surroundings(
        environment={},
        file=None,
        out=None,
        now=MOMENT - timedelta(days=9000),
        zone=("UTC", True),
        encoding="ascii",
    )
    assert surroundings.terminal(around).state is State.WARNING
    assert next(iter(surroundings.clock(around))).state is State.FAILED


def _shapes() -> None:
    from arf_core.models.frozen import Shape

    assert Shape("b", "a").of(1, (2,)) == {"a": (2,), "b": 1}
    with suppress(ValueError):
        Shape("a", "a")


def _graph() -> None:
    """A picture with a cycle, a call over several layers, and where people noticed."""
    from arf_core import Advisor
    from arf_core.models.signal import SignalKind
    from arf_core.models.window import Alerting
    from arf_core.plot.chart import chart_of
    from arf_core.plot.figure import draw
    from arf_core.testing import made_window

    edges = (("front", "cart"), ("cart", "mail"), ("mail", "front"), ("front", "mail"), ("front", "x" * 90))
    alerting = Alerting(component="front", kind=SignalKind.LATENCY)
    window = replace(made_window(metric="latency_s"), edges=edges, alerting=alerting)
    assert draw(chart_of(Advisor().advise(window), window), file_format="svg").startswith(b"<?xml")
