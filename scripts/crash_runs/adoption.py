# SPDX-License-Identifier: Apache-2.0
"""How long the run of a dead server waits until another one works on it, with the product's own times."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from crash_runs.cells import Cell, every
from crash_runs.kill import intent_of
from crash_runs.lane import PATIENCE_S, Lane, lane
from crash_runs.server import Given

POINT = "decided, committed"


def adopted_s(folder: Path, times: int) -> Sequence[float]:
    """Seconds from the kill of the server that worked on a run until another one, started then, has taken it up."""
    (folder / "target").mkdir()
    cell = next(one for one in every() if (one.point, one.victim) == (POINT, "server"))
    with lane(folder) as made:
        return [_once(made, cell, number) for number in range(times)]


def _once(made: Lane, cell: Cell, number: int) -> float:
    given = Given(
        url=made.url, folder=made.folder, intent=intent_of(cell, number), point=POINT, dies=True, hurries=False
    )
    first = made.serve(given)
    first.say("submit")
    first.process.join(PATIENCE_S)  # it dies at its point
    began = time.monotonic()
    made.serve(Given(url=made.url, folder=made.folder, intent=given.intent, hurries=False))
    while not made.rows("SELECT 1 FROM execution WHERE attempt > 1 AND intent_id = %s", given.intent.intent_id):
        if time.monotonic() - began > PATIENCE_S:
            raise TimeoutError("nobody took the run up")
        time.sleep(0.02)
    took = time.monotonic() - began
    made.end_servers()
    return took
