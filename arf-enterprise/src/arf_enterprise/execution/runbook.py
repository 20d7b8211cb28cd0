# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The numbered list: how an intent is carried out, from the moment it was admitted. Nothing else is decided here.

Each step is one call that can be repeated: it finds what it did before, in the database and on the target. ``step``
runs one where there is room; ``later`` waits, or until somebody decided something about the run.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from arf_enterprise.execution.act import Act
from arf_enterprise.execution.approve import approved
from arf_enterprise.execution.decide import decide
from arf_enterprise.execution.line import Ticket
from arf_enterprise.execution.means import Later, Means, Next
from arf_enterprise.execution.revert import Revert
from arf_enterprise.execution.run import Carried
from arf_enterprise.execution.settle import settle
from arf_enterprise.execution.verify import Verify

Step = Callable[[Callable[[], Next]], Awaitable[Next]]
Pause = Callable[[float], Awaitable[None]]


async def carry_out(means: Means, ticket: Ticket, *, step: Step, later: Pause, message: Pause) -> None:
    """Carry the run out.

    1. admitted, before the run was there (``execution.intake``)
    2. licence  3. stop button  4. governance  5. blast radius, ownership  6. capture, inverse, dry run (``decide``)
    7. approval: people decide, or its time is over (``approve``)
    8. everything again, and that the target has not moved  9. apply, under a fence (``act``)
    10. health over a window (``verify``)
    11. keep, or revert and verify that (``revert``)
    12. outcome (``settle``)

    Raises:
        FenceLost: another server has taken the run up; nothing more is done here.
    """
    of, carried = (means, ticket), Carried()
    following = await _until(step, later, partial(decide, *of, carried))
    if following == "ask":
        following = await _until(step, message, partial(approved, *of))
    if following == "act":
        following = await _until(step, later, Act(*of, carried))
    if following == "verify":
        following = await _until(step, later, Verify(*of, carried))
    if following == "revert":
        following = await _until(step, later, Revert(*of))
    if following != "end":
        await _until(step, later, partial(settle, *of, following))


async def roll_back(means: Means, ticket: Ticket, *, step: Step, later: Pause) -> None:
    """Undo what a run did that had succeeded, because a person asked for it: steps 11 and 12.

    Raises:
        FenceLost: another server has taken the run up; nothing more is done here.
    """
    of = (means, ticket)
    following = await _until(step, later, Revert(*of))
    if following != "end":
        await _until(step, later, partial(settle, *of, following))


async def _until(step: Step, pause: Pause, work: Callable[[], Next]) -> str:
    """What ``work`` says in the end; in between nobody is kept from working."""
    while isinstance(found := await step(work), Later):
        await pause(found.seconds)
    return found
