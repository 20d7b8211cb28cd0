# SPDX-License-Identifier: Apache-2.0
"""The matrix: what is run, where it is interrupted, and who is killed there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

VICTIMS: Final = ("server", "postgres", "target")
WINDOW: Final = "while health is watched"
A_PERSON: Final = "a person has approved"
TAKEN: Final = "the intent"
_DRY_RUN: Final = ("before the dry run", "after the dry run")
_RESTART: Final = ("before {0}", "{0}: stop was asked", "{0}: start was asked", "after {0}")
_SWITCH: Final = ("before {0}", "{0}: link switched", "{0}: stop was asked", "{0}: start was asked", "after {0}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """An intent, how its run ends if nobody is killed, and the points of it."""

    name: str
    action: str
    confidence: float
    is_sick: bool
    end: str
    points: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One kill: ``victim`` at ``point`` of ``scenario``."""

    scenario: Scenario
    point: str
    victim: str


def _noted(*steps: str) -> tuple[str, ...]:
    return tuple(f"{step}, {when}" for step in steps for when in ("before its commit", "committed"))


SCENARIOS: Final = (
    Scenario(
        name="a restart that nobody approves",
        action="restart_container",
        confidence=0.9,
        is_sick=False,
        end="succeeded",
        points=(
            *_noted(TAKEN), "handed over", *_DRY_RUN,
            *_noted("decided", "apply_begun", "applied", "verified", "outcome"),
            *(one.format("apply") for one in _RESTART), WINDOW,
        ),
    ),
    Scenario(
        name="a rollback to a sick release, undone by itself",
        action="rollback",
        confidence=0.9,
        is_sick=True,
        end="reverted",
        points=(
            *_noted("decided", "apply_begun", "applied", "verified", "revert_begun", "reverted", "outcome"),
            *(one.format(way) for way in ("apply", "revert") for one in _SWITCH), WINDOW,
        ),
    ),
    Scenario(
        name="a rollback that a person approves",
        action="rollback",
        confidence=0.6,
        is_sick=False,
        end="succeeded",
        points=(
            *_noted("decided"), A_PERSON, *_noted("apply_begun", "applied", "verified", "outcome"),
            *(one.format("apply") for one in _SWITCH), WINDOW,
        ),
    ),
)  # fmt: skip
SAMPLE: Final = (
    ("the intent, committed", "server"),
    ("apply_begun, committed", "postgres"),
    ("apply: stop was asked", "server"),
    ("apply: start was asked", "target"),
    ("applied, before its commit", "server"),
    ("revert: link switched", "server"),
    ("outcome, before its commit", "postgres"),
    (A_PERSON, "server"),
)
"""What the small form kills; the full form kills every victim at every point."""


def every() -> Iterator[Cell]:
    """Every cell of the matrix."""
    for scenario in SCENARIOS:
        for point, victim in product(scenario.points, VICTIMS):
            yield Cell(scenario=scenario, point=point, victim=victim)


def sample() -> Iterator[Cell]:
    """A cell for each kind of interruption."""
    for point, victim in SAMPLE:
        yield next(cell for cell in every() if (cell.point, cell.victim) == (point, victim))
