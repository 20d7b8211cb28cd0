# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Questions to the graph, and their answers: what healed it before, what depends on it, what changed, what else fails.

1. An answer is of one tenant, about one component that the graph knows.
2. What a person said of an outcome counts before what was verified at the time.
3. Counts are counts: nothing here is an estimate, and nothing says that one thing caused another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from arf_core.canonical import write_time
from arf_enterprise.errors import NotFound

if TYPE_CHECKING:
    from arf_enterprise.stores.neo4j.graph import GraphStore

MOST: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Healing:
    """One execution for an incident of the component, and how it ended; ``seconds_to_recover`` where it did."""

    incident: str
    action: str
    on_component: str
    result: str
    signature: str | None
    seconds_to_recover: float | None
    at: str
    execution: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How often an action was tried, and how often it succeeded."""

    action: str
    tried: int
    succeeded: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Healed:
    """What was done for the component, latest first, and the sum by action, the most successful first."""

    executions: tuple[Healing, ...]
    actions: tuple[Tally, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependent:
    """A component that depends on the one asked about, over ``steps`` relations."""

    component: str
    kind: str | None
    environment: str | None
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A change of the component (0 ``steps``), or of what it depends on; how many of its incidents it preceded."""

    change: str
    component: str
    steps: int
    what: str | None
    at: str
    incidents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """A component that ``incidents`` of the one asked about affected too: ``share`` of all of those (0 to 1)."""

    component: str
    incidents: int
    share: float
    examples: tuple[str, ...]


def healed(store: GraphStore, tenant: str, component: str, *, signature: str | None = None, most: int = 50) -> Healed:
    """What was done about incidents of the component (with this fault signature, if one is given).

    Raises:
        NotFound: the graph does not know the component.
        StoreUnavailable: it does not answer.
    """
    _require(store, tenant, component)
    rows = store.read(tenant, "healed", component=component, signature=signature, most=MOST)
    done = tuple(Healing(**row) for row in rows)
    return Healed(executions=done[:most], actions=_tallied(done))


def depends(store: GraphStore, tenant: str, component: str, *, most: int = 100) -> tuple[Dependent, ...]:
    """What depends on the component, near first.

    Raises:
        NotFound, StoreUnavailable: as :func:`healed`.
    """
    _require(store, tenant, component)
    return tuple(Dependent(**row) for row in store.read(tenant, "depends", component=component, most=most))


def changed(
    store: GraphStore, tenant: str, component: str, *, before: datetime, days: int = 7, most: int = 100
) -> tuple[Changed, ...]:
    """What changed within ``days`` before a time, latest first.

    Raises:
        NotFound, StoreUnavailable: as :func:`healed`.
    """
    _require(store, tenant, component)
    bounds = {"before": write_time(before), "since": write_time(before - timedelta(days=days))}
    return tuple(Changed(**row) for row in store.read(tenant, "changed", component=component, most=most, **bounds))


def together(store: GraphStore, tenant: str, component: str, *, most: int = 50) -> tuple[Companion, ...]:
    """Which components fail together with it, the most often first.

    Raises:
        NotFound, StoreUnavailable: as :func:`healed`.
    """
    _require(store, tenant, component)
    (row,) = store.read(tenant, "incidents_of", component=component)
    total = int(row["incidents"])
    return tuple(
        Companion(
            component=row["component"],
            incidents=row["incidents"],
            share=row["incidents"] / total,
            examples=tuple(row["examples"]),
        )
        for row in store.read(tenant, "together", component=component, most=most)
    )


def document(
    question: str, component: str, rows: Sequence[Healing | Dependent | Changed | Companion]
) -> dict[str, object]:
    """The answer as JSON, schema ``arf.graph-answer/1``."""
    answers = [asdict(row) for row in rows]
    return {"schema": "arf.graph-answer/1", "question": question, "component": component, "answers": answers}


def healed_document(component: str, found: Healed) -> dict[str, object]:
    """The answer to :func:`healed` as JSON: with the sum by action."""
    return document("healed", component, found.executions) | {"actions": [asdict(one) for one in found.actions]}


def _tallied(done: Sequence[Healing]) -> tuple[Tally, ...]:
    tried = Counter(one.action for one in done)
    succeeded = Counter(one.action for one in done if one.result == "succeeded")
    tallies = (Tally(action=action, tried=count, succeeded=succeeded[action]) for action, count in tried.items())
    return tuple(sorted(tallies, key=lambda one: (-one.succeeded, one.tried, one.action)))


def _require(store: GraphStore, tenant: str, component: str) -> None:
    (row,) = store.read(tenant, "known_component", component=component)
    if not row["known"]:
        raise NotFound(
            f"the graph knows no component {component!r:.80}: `arf-enterprise graph status` says how far it is"
        )
