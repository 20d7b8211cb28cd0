# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What learning answers to commands and routes, from the database: advice, explanations, simulations, exports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Final

from arf_core.canonical import canonical_text, digest
from arf_core.errors import InputError
from arf_core.models.healing_intent import HealingIntent
from arf_core.verify.fields import list_of
from arf_enterprise.errors import RequestError, TargetUnknown
from arf_enterprise.learning.advise import Learnt, ranked
from arf_enterprise.learning.belief import Cell, Estimate
from arf_enterprise.learning.history import observations
from arf_enterprise.learning.looks import looks_of
from arf_enterprise.learning.observed import CONTROLS, Observed
from arf_enterprise.learning.off_policy import Simulated, simulate
from arf_enterprise.learning.posterior import estimate
from arf_enterprise.learning.switch import Mode
from arf_enterprise.stores.postgres.database import Transaction
from arf_enterprise.targets import store as targets

UNKNOWN_KIND: Final = "unknown"
MOST_INTENTS: Final = 100
MOST_CELLS: Final = 1000
EXPORT: Final = "arf.learning-export/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advised:
    """``intents`` are what counts: in mode on the learned ones, else the very ones that were given."""

    mode: Mode
    intents: tuple[HealingIntent, ...]
    learned: tuple[Learnt, ...] = ()

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "schema": "arf.learned-advice/1",
            "mode": self.mode.value,
            "intents": [intent.to_dict() for intent in self.intents],
            "learned": [one.document() for one in self.learned],
        }


def advised(tx: Transaction, intents: Sequence[HealingIntent], *, mode: Mode, now: datetime) -> Advised:
    """``intents`` in learning's order where it is on; beside them in shadow; untouched where it is off."""
    if mode is Mode.OFF or not intents:
        return Advised(mode=mode, intents=tuple(intents))
    known, incidents = observations(tx, now=now), {intent.incident_id for intent in intents}
    looks = looks_of(tx, incidents.pop(), known) if len(incidents) == 1 else None
    learned = ranked(intents, known, kind_of=kinds(tx), now=now, looks=looks)
    after = tuple(one.after for one in learned) if mode is Mode.ON else tuple(intents)
    return Advised(mode=mode, intents=after, learned=learned)


def explained(
    tx: Transaction, *, now: datetime, action: str | None, component: str | None, signature: str | None
) -> tuple[Estimate, ...]:
    """What is believed of every cell that has outcomes, and is meant; the best first."""
    known = observations(tx, now=now)
    cells = {_cell(one) for one in known if not one.is_control and _is_meant(one, action, component, signature)}
    of_fault: dict[str, list[Observed]] = defaultdict(list)
    for one in known:
        of_fault[one.signature].append(one)
    found = [estimate(cell, of_fault[cell.signature], now=now) for cell in sorted(cells, key=_order)[:MOST_CELLS]]
    return tuple(sorted(found, key=lambda one: (one.cell.component, one.cell.signature, -one.mean)))


def simulated(tx: Transaction, *, now: datetime, seed: int) -> Simulated:
    """What the learned ranking would have done with the decisions on record (``off_policy``)."""
    return simulate(observations(tx, now=now), random=Random(seed))  # noqa: S311 - draws of a bootstrap


def exported(tx: Transaction) -> Iterator[str]:
    """Every outcome with its labels, as canonical JSON, one a line: the head, the rows, how many and their digest."""
    yield canonical_text({"schema": EXPORT, "tenant": tx.tenant})
    rows = []
    for row in tx.stream("export_outcomes", tenant=tx.tenant):
        text = canonical_text(row["document"])
        rows.append(digest(EXPORT, row["document"]))
        yield text
    yield canonical_text({"outcomes": len(rows), "digest": digest(EXPORT, rows)})


def kinds(tx: Transaction) -> Callable[[str], str]:
    """What says the class of a component: the inventory, where there is one that knows it."""
    try:
        inventory = targets.current(tx)
    except TargetUnknown:
        return lambda _component: UNKNOWN_KIND
    known = {target.component: target.kind for target in inventory.targets}
    return lambda component: known.get(component, UNKNOWN_KIND)


def intents_of(value: object) -> tuple[HealingIntent, ...]:
    """The sealed intents in a JSON list.

    Raises:
        RequestError: one is none, or its id or digest does not recompute.
    """
    found = []
    for number, item in enumerate(list_of(value, what="intents", most=MOST_INTENTS)):
        try:
            found.append(HealingIntent.from_dict(item))
        except InputError as error:
            raise RequestError(f"intents[{number}] is no sealed intent: {error}") from error
    return tuple(found)


def _is_meant(one: Observed, action: str | None, component: str | None, signature: str | None) -> bool:
    wanted = ((action, one.action), (component, one.component), (signature, one.signature))
    return one.action not in CONTROLS and all(name is None or name == is_ for name, is_ in wanted)


def _cell(one: Observed) -> Cell:
    return Cell(action=one.action, kind=one.kind, component=one.component, signature=one.signature)


def _order(cell: Cell) -> tuple[str, str, str]:
    return (cell.component, cell.signature, cell.action)
