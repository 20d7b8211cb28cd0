# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The seam to the world: what every adapter is given, and what it gives back.

1. ``observe`` reads, and so do ``plan``, ``rehearse``, ``progress``: none of them changes anything.
2. A change is planned from what was observed: forward and inverse, both as plain JSON that a person can read and that
   can be carried out by another process, days later. What has no inverse says why (``irreversible_because``).
3. ``rehearse`` tries both directions by the target's own dry run, where it has one, and otherwise checks every
   precondition that ``apply`` would meet. It gives the difference that a person approves.
4. ``apply`` and ``revert`` check first that the target still is as planned (or as applied), where the target can say so
   in the same request; otherwise they raise :class:`~arf_enterprise.errors.TargetMoved`.
5. After a crash nobody knows whether ``apply`` happened: ``progress`` reads it back. Doing it twice must be harmless or
   impossible: ``progress`` says APPLIED, or the target refuses.
6. A fence is the number of the run's hold on the target; a later holder has a higher one. An adapter whose target can
   check it (an annotation, a header) passes it on.
7. Foreign exceptions become ours: :class:`TargetUnavailable` (nothing is known to have happened, or it cannot be told),
   :class:`TargetRefused` (the target said no: nothing happened), :class:`TargetMoved`, :class:`ActionImpossible`,
   :class:`OwnedElsewhere`. No message has a credential.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Final, Protocol

from arf_core.canonical import digest
from arf_core.models.action import Action
from arf_core.models.frozen import FrozenMap

STATE_DOMAIN: Final = "arf.target-state/1"
CHANGE_DOMAIN: Final = "arf.change/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """How much of the thing is there: whether it exists, instances wanted and ready, and the share of traffic (0..1).

    What an adapter cannot tell is None.
    """

    exists: bool
    wanted: int | None = None
    ready: int | None = None
    traffic: float | None = None

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {"exists": self.exists, "wanted": self.wanted, "ready": self.ready, "traffic": self.traffic}


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What a target is now.

    ``state`` is what changes are planned from and approved for, and nothing that moves by itself (uptime, counters):
    its digest changes when somebody changes the target. ``version`` is the target's own (a resourceVersion) if it has
    one; it may move by itself and is no part of the digest.
    """

    state: FrozenMap
    vitals: Vitals
    version: str | None = None

    @property
    def digest(self) -> str:
        """The digest of ``state`` in the domain ``arf.target-state/1``."""
        return digest(STATE_DOMAIN, self.state)

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {"state": self.state, "vitals": self.vitals.document(), "version": self.version}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be done, and how it is undone.

    ``forward`` and ``inverse`` are the adapter's own words; the summaries are for people. ``instances`` is how many
    instances it touches, ``of_instances`` how many there are.
    """

    action: Action
    adapter: str
    before: Observation
    forward: FrozenMap
    inverse: FrozenMap | None
    summary: str
    undo_summary: str | None = None
    irreversible_because: str | None = None
    instances: int = 1
    of_instances: int = 1

    @property
    def digest(self) -> str:
        """The digest of what is done and undone, in the domain ``arf.change/1``."""
        return digest(
            CHANGE_DOMAIN,
            {
                "action": self.action.value,
                "adapter": self.adapter,
                "before": self.before.digest,
                "forward": self.forward,
                "inverse": self.inverse,
            },
        )

    def document(self) -> dict[str, object]:
        """As JSON; ``execution.documents`` reads it back."""
        return {
            "action": self.action.value,
            "adapter": self.adapter,
            "before": self.before.document(),
            "forward": self.forward,
            "inverse": self.inverse,
            "summary": self.summary,
            "undo_summary": self.undo_summary,
            "irreversible_because": self.irreversible_because,
            "instances": self.instances,
            "of_instances": self.of_instances,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a dry run showed: the lines of the difference, forward and back; ``by`` says how it was found out."""

    diff: tuple[str, ...]
    undo_diff: tuple[str, ...]
    by: str


class Progress(StrEnum):
    """How far a change got, as the target itself shows."""

    NOT_APPLIED = "not_applied"
    APPLIED = "applied"
    OTHER = "other"
    """Neither as before nor as it should be: somebody else changed it, or a change stopped half way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """A run's hold on a target (rule 6)."""

    execution_id: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What an adapter is made of: the component, the way's settings, the credentials that were read for it."""

    component: str
    settings: FrozenMap
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)


class Adapter(Protocol):
    """One way of changing one target. Made for one use, by one thread; ``close`` ends it.

    ``__init__`` takes a :class:`Given` and raises ``SettingError`` for settings that it cannot work with.
    """

    name: ClassVar[str]
    actions: ClassVar[frozenset[Action]]

    def observe(self) -> Observation:
        """What the target is now."""

    def plan(self, action: Action, parameters: FrozenMap, observed: Observation) -> Change:
        """The change that ``action`` means here.

        Raises:
            ActionImpossible: it means nothing here, or nothing would change; the message says why.
            OwnedElsewhere: something else owns what would change (it has a patch file to hand over).
        """

    def rehearse(self, change: Change) -> Rehearsal:
        """Both directions, without changing anything (rule 3).

        Raises:
            RehearsalFailed: one of them would not work; the message has the target's own words.
        """

    def apply(self, change: Change, fence: Fence) -> None:
        """Do it. Returns when the target has taken it, not when it is well."""

    def revert(self, change: Change, fence: Fence) -> None:
        """Undo it, from wherever it got to."""

    def progress(self, change: Change, observed: Observation) -> Progress:
        """How far ``change`` got (rule 5)."""

    def close(self) -> None:
        """Give back connections."""
