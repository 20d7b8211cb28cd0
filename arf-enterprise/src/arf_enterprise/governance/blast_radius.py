# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""How much a change can reach: computed before it is done, capped by policy, shown to who approves.

Instances and their share come from the planned change, dependents from the inventory: everything that depends on the
component, directly or through others.
"""

from __future__ import annotations

from typing import Protocol

from arf_enterprise.actions.adapter import Change
from arf_enterprise.governance.ruling import BlastRadius
from arf_enterprise.targets.target import Target


class Dependencies(Protocol):
    """What is read of an inventory; ``targets.inventory.Inventory`` has it."""

    def dependents(self, component: str) -> tuple[str, ...]:
        """Every component that depends on ``component``, directly or through others."""


def of(target: Target, change: Change, inventory: Dependencies) -> BlastRadius:
    """What ``change`` can reach.

    A change that says it touches some of no instances touches all of them: nothing is smaller than it can be told.
    """
    share = change.instances / change.of_instances if change.of_instances > 0 else 1.0
    return BlastRadius(
        instances=max(change.instances, 0),
        share=min(max(share, 0.0), 1.0),
        dependents=tuple(sorted(inventory.dependents(target.component))),
    )
