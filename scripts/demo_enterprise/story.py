# SPDX-License-Identifier: Apache-2.0
"""The story of a fault, line by line: it comes, is alerted, advised on, remedied under control, and verified.

1. The alert that comes is the expected one, and its first advice the expected action.
2. The sealed intent goes to Enterprise as ARF hands it out; where the policy says so, a person approves it.
3. What helps is kept, and the incident ends by itself: nobody but Alertmanager tells ARF so.
4. What does not help is undone: the shop is again as it was before the remedy.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from textwrap import shorten
from typing import Any

from demo_enterprise.enterprise import APPROVER, Enterprise
from demo_enterprise.faults import Fault
from demo_enterprise.shop import weights
from demo_enterprise.world import World, until


class NotAsPromised(RuntimeError):
    """The demo came to something else than it promises; the message says what."""


def told(world: World, enterprise: Enterprise, fault: Fault) -> Iterator[str]:
    """The lines of the story of ``fault``.

    Raises:
        NotAsPromised: one of the numbered rules did not hold.
        TimeoutError: something did not happen in time.
    """
    before = _standing(world)
    fault.begin(world)
    incident = until(world.incidents, what=f"an alert of {fault.name}")[0]
    alerts = [str(alert["name"]) for alert in world.incident(incident["incident_id"])["alerts"]]
    sealed = _advised(world, incident, fault)
    intent = json.loads(sealed)
    yield f"  alert    {', '.join(alerts)}, so ARF opens {incident['incident_id']}"
    yield f"  advice   {intent['action']}, confidence {intent['confidence']:.2f}, sealed as {intent['intent_id']}"
    _expect(fault.alert in alerts, f"the alert is {alerts}, and not {fault.alert}")  # 1
    receipt = enterprise.submit(sealed)  # 2
    yield f"  handed   to Enterprise: {receipt['status']}, recorded as {receipt['audit_trail_id']}"
    if receipt["status"] == "pending_approval":
        asked = enterprise.approve(receipt["approval_id"], reason="the release of this minute is what failed")
        yield f"  approved by {APPROVER}, who saw: {asked['shown']['change']['summary']}"
    run = enterprise.ended(receipt["execution_id"])
    wanted = "succeeded" if fault.helps else "reverted"
    yield f"  outcome  {run['status']}: {shorten(run['says'], 100, placeholder=' …')}"
    _expect(run["status"] == wanted, f"the run of {fault.name} is {run['status']}, and not {wanted}")
    if fault.helps:
        until(lambda: not world.incidents(), what="the incident ends")  # 3
        yield f"  closed   {incident['incident_id']}: its alert is over"
    else:
        _expect(_standing(world) == before, f"the shop is {_standing(world)}, and was {before} before")  # 4
        yield "  undone   the shop is as it was before the remedy"
    fault.end(world)
    until(lambda: not world.incidents(), what="the fault is over")


def _advised(world: World, incident: dict[str, Any], fault: Fault) -> str:
    """The sealed intent of the first advice."""
    sealed = world.sealed(incident["intent_ids"][0])
    action = json.loads(sealed)["action"]
    _expect(action == fault.action, f"the first advice is {action}, and not {fault.action}")
    return sealed


def _standing(world: World) -> tuple[str, dict[str, int]]:
    """What a remedy can change: the release in use, and the weights."""
    return str(world.shop.link.readlink()), weights(world.proxied)


def _expect(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - what is expected
    if not holds:
        raise NotAsPromised(otherwise)
