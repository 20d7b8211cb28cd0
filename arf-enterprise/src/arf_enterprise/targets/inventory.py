# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The inventory: every target there is, from ``targets.yaml`` (schema ``arf.targets/1``, docs/targets.md).

::

    schema: arf.targets/1
    targets:
      - component: checkout          # as alerts and intents name it
        environment: production
        tier: 1                      # 1 (most critical) to 4
        owner: team-shop
        kind: web                    # the class that learning shares among components
        depends_on: [payments]       # may name components that are no targets, and may go round in a circle
        ways:
          - adapter: supervisor      # one of ADAPTERS
            actions: [restart_container]
            settings: {…}            # the adapter's own
            credentials: {password: file:/run/secrets/supervisor}
        health: {…, probes: [{name, kind, is_symptom, settings}]}

1. Strict: unknown and doubled keys, components, probes, and two ways for one action are refused. Every mistake is
   named with ``file:line:column``, up to :data:`MOST_COMPLAINTS`.
2. A credential is a reference. A value that is none is never repeated in a message: it may be the secret itself.
3. The settings of adapters are theirs to check (``actions.registry``); here they only must not carry a password.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from arf_core.canonical import digest
from arf_core.errors import PolicyError
from arf_core.policy.document import read_document
from arf_enterprise.errors import RequestError, TargetUnknown
from arf_enterprise.targets.reading import Reading
from arf_enterprise.targets.target import Target
from arf_enterprise.targets.target_fields import targets_of

SCHEMA: Final = "arf.targets/1"
"""The schema of the file, and the hash domain of the digest of an inventory."""
MOST_COMPLAINTS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """Every target, in the order of the file."""

    targets: tuple[Target, ...]

    @property
    def digest(self) -> str:
        """The digest of every target in the domain ``arf.targets/1``: of what is said, not of how it is written."""
        return digest(SCHEMA, self.document())

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {"schema": SCHEMA, "targets": [target.document() for target in self.targets]}

    def target(self, component: str) -> Target:
        """The target ``component``.

        Raises:
            TargetUnknown: there is none.
        """
        for target in self.targets:
            if target.component == component:
                return target
        raise TargetUnknown(f"{component!r:.260} is not in the inventory of {len(self.targets)} targets")

    def dependents(self, component: str) -> tuple[str, ...]:
        """Who depends on ``component``, directly or through others, in alphabetical order; never itself."""
        found: set[str] = set()
        asked = [component]
        while asked:
            new = self._needing(asked.pop()) - found
            found |= new
            asked.extend(new)
        return tuple(sorted(found - {component}))

    def _needing(self, component: str) -> set[str]:
        return {target.component for target in self.targets if component in target.depends_on}


@lru_cache(maxsize=64)
def load(text: str, *, file: str) -> Inventory:
    """The inventory in ``text``; ``file`` names it in messages.

    Raises:
        RequestError: every mistake there is, each on a line that starts with ``file:line:column`` (rule 1).
    """
    inventory, complaints = _read(text, file)
    if complaints:
        raise RequestError("\n".join(complaints))
    return inventory


def mistakes(text: str, *, file: str) -> tuple[str, ...]:
    """What is wrong with ``text``, each with its ``file:line:column``; empty if it is an inventory."""
    return _read(text, file)[1]


def _read(text: str, file: str) -> tuple[Inventory, tuple[str, ...]]:
    """What can be read of ``text``, and what is wrong with it."""
    reading = Reading()
    if not text.strip():
        return Inventory(targets=()), (f"{file}:1:1: the file is empty: an inventory starts with 'schema: {SCHEMA}'",)
    try:
        root = read_document(text, file=file, twice=reading.complaints)
    except PolicyError as error:
        return Inventory(targets=()), (*reading.complaints, str(error))
    return Inventory(targets=targets_of(root, reading, schema=SCHEMA)), tuple(_shortened(reading.complaints))


def _shortened(complaints: list[str]) -> Iterator[str]:
    yield from complaints[:MOST_COMPLAINTS]
    if len(complaints) > MOST_COMPLAINTS:
        yield f"… and {len(complaints) - MOST_COMPLAINTS} more"
