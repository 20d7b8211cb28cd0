# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What is asked of a policy on the command line: facts from a file, or from a sealed intent and an inventory."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from arf_enterprise.cli.policy_files import read_bytes, read_text

if TYPE_CHECKING:
    from arf_core.models.healing_intent import HealingIntent
    from arf_enterprise.governance.facts import Facts
    from arf_enterprise.governance.ruling import Rung
    from arf_enterprise.targets.inventory import Inventory

MOST_INTENT = 1_048_576


def facts_asked(file: Path) -> Facts:
    """The facts in ``file``, JSON or YAML.

    Raises:
        PolicyError: the first mistake.
    """
    from arf_core.errors import PolicyError
    from arf_core.policy.document import read_document
    from arf_enterprise.governance.requests import facts_in

    problems: list[str] = []
    facts = facts_in(read_document(read_text(file), file=str(file)), problems)
    for problem in problems:
        raise PolicyError(problem)
    return facts


def facts_of_intent(
    intent: Path, targets: Path, *, instances: int | None, of_instances: int, tenant: str, is_final: bool
) -> Facts:
    """The facts of the sealed intent in ``intent``, whose component is in the inventory in ``targets``.

    Without ``instances``, nothing is planned yet.

    Raises:
        IntentError, RequestError, TargetUnknown: one of them cannot be read, or does not have the component.
    """
    from arf_core.models.healing_intent import HealingIntent
    from arf_enterprise.targets.inventory import load

    sealed = HealingIntent.from_json(read_bytes(intent, most=MOST_INTENT))
    inventory = load(read_text(targets), file=str(targets))
    facts = _unplanned(sealed, inventory, tenant)
    if instances is None:
        return facts
    from dataclasses import replace

    return replace(
        facts,
        instances=instances,
        share=min(instances / of_instances, 1.0),
        dependents=len(inventory.dependents(sealed.component)),
        reversible=not is_final,
    )


def rung_named(label: str) -> Rung:
    """The rung of that label.

    Raises:
        RequestError: there is none.
    """
    from arf_enterprise.errors import RequestError
    from arf_enterprise.governance.ruling import Rung

    for rung in Rung:
        if rung.label == label:
            return rung
    raise RequestError(f"{label!r:.60} is no rung: there are {', '.join(rung.label for rung in Rung)}")


def moment_named(text: str | None) -> datetime:
    """The time that ``text`` names; now, if it is None.

    Raises:
        RequestError: it names none.
    """
    from arf_core.canonical import in_utc
    from arf_core.errors import InputError
    from arf_enterprise.app import system_clock
    from arf_enterprise.errors import RequestError

    if text is None:
        return system_clock()
    try:
        return in_utc(datetime.fromisoformat(text))
    except (ValueError, InputError) as error:
        raise RequestError(f"{text!r:.60} is no time: write one such as 2026-01-02T03:04:05Z") from error


def _unplanned(sealed: HealingIntent, inventory: Inventory, tenant: str) -> Facts:
    from arf_enterprise.governance.facts import Asked, facts_of
    from arf_enterprise.governance.ruling import Rung

    asked = Asked(
        intent=sealed,
        target=inventory.target(sealed.component),
        change=None,
        blast=None,
        wished=Rung.AUTONOMOUS,
        requester_is_agent=True,
        tenant=tenant,
    )
    return facts_of(asked)
