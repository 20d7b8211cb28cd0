# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What ``doctor`` says of execution: what runs need, what holds them up, and which of them need a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from arf_core.doctor.finding import Finding
from arf_enterprise.execution.run import Status
from arf_enterprise.execution.standing import Standing, standing
from arf_enterprise.operate.findings import ok, warning
from arf_enterprise.stores.postgres.database import Database

_STUCK: Final = (Status.NEEDS_PERSON, Status.CANNOT_TELL)


def execution_findings(database: Database, *, now: datetime) -> Iterator[Finding]:
    """What runs need in each tenant, and what holds them up: all of it warnings, for reading needs none of it."""
    found = {tenant: standing(database, tenant, now=now) for tenant in database.tenants()}
    yield _needed("policy", [name for name, one in found.items() if one.policy is None], "nothing is permitted")
    yield _needed("targets", [name for name, one in found.items() if not one.targets], "nothing can be changed")
    yield _stops(found)
    yield _people(found)


def _needed(name: str, without: list[str], so: str) -> Finding:
    if without:
        words = f"none that can be read of {', '.join(without)}: {so}"
        return warning(name, words, f"arf-enterprise {name} push FILE")
    return ok(name, "each tenant has its own")


def _stops(found: Mapping[str, Standing]) -> Finding:
    stopped = sorted({stop for one in found.values() for stop in one.stops})
    if stopped:
        return warning("stops", f"in force: {', '.join(stopped)}", "arf-enterprise stop list")
    return ok("stops", "none in force")


def _people(found: Mapping[str, Standing]) -> Finding:
    """Runs that wait for people, and those that need one: such a run keeps its target."""
    waiting = sum(one.runs.get(Status.PENDING_APPROVAL, 0) for one in found.values())
    stuck = sum(one.runs.get(status, 0) for one in found.values() for status in _STUCK)
    if stuck:
        return warning("runs", f"{stuck} of the last day ended unclear: look at them", "arf-enterprise runs list")
    return ok("runs", f"{sum(one.open_runs for one in found.values())} open, {waiting} of them wait for approval")
