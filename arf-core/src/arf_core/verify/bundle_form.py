# SPDX-License-Identifier: Apache-2.0
"""The form of a bundle: which entries it has, of which schemas, and what its manifest says it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from arf_core.canonical import write_time
from arf_core.errors import FormatError
from arf_core.verify.fields import digest_of, list_of, object_of, size_of, text_of, time_of

SCHEMA: Final = "arf.bundle/1"
FULL: Final = "full"
REFERENCE: Final = "reference"

EVENTS: Final = "events/"
ANALYSIS_ENTRY: Final = "analysis.json"
ENVIRONMENT_ENTRY: Final = "environment.json"
INTENTS_ENTRY: Final = "intents.jsonl"
MEMORY_ENTRY: Final = "memory.jsonl"
POLICIES_ENTRY: Final = "policies.yaml"
RECEIPTS_ENTRY: Final = "receipts.txt"
SETTINGS_ENTRY: Final = "settings.json"
TOPOLOGY_ENTRY: Final = "topology.json"

ANALYSIS: Final = "arf.analysis/1"
REFERENCE_ANALYSIS: Final = "arf.analysis-reference/1"
ENVIRONMENT: Final = "arf.environment/1"
SETTINGS: Final = "arf.settings/1"
TOPOLOGY: Final = "arf.topology/1"

MAX_INPUTS: Final = 100

_ALWAYS: Final = (ANALYSIS_ENTRY, ENVIRONMENT_ENTRY, POLICIES_ENTRY, SETTINGS_ENTRY, TOPOLOGY_ENTRY)
REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    FULL: (*_ALWAYS, INTENTS_ENTRY, MEMORY_ENTRY),
    REFERENCE: (*_ALWAYS, RECEIPTS_ENTRY),
}
"""The entries of each mode, beside the manifest and, in full mode, the events."""

_SCHEMAS: Final = {ENVIRONMENT_ENTRY: ENVIRONMENT, SETTINGS_ENTRY: SETTINGS, TOPOLOGY_ENTRY: TOPOLOGY}
JSON_SCHEMAS: Final[Mapping[str, Mapping[str, str]]] = {
    FULL: {**_SCHEMAS, ANALYSIS_ENTRY: ANALYSIS},
    REFERENCE: {**_SCHEMAS, ANALYSIS_ENTRY: REFERENCE_ANALYSIS},
}
"""The JSON entries of each mode, with their schemas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One input as given: its size and digest, the format it was read as, how many records it held, and their times.

    ``first_at`` and ``last_at`` are None where no record was read.
    """

    size: int
    sha256: str
    form: str
    events: int
    incidents: int
    windows: int
    faults: int
    first_at: datetime | None
    last_at: datetime | None

    def document(self) -> dict[str, object]:
        """As it stands in a manifest."""
        return {
            "size": self.size,
            "sha256": self.sha256,
            "format": self.form,
            "events": self.events,
            "incidents": self.incidents,
            "windows": self.windows,
            "faults": self.faults,
            "first_at": None if self.first_at is None else write_time(self.first_at),
            "last_at": None if self.last_at is None else write_time(self.last_at),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedFrom:
    """What a bundle was made from.

    ``now`` is the time given to records that say none (None: every record said its own); ``adaptive`` whether the
    adaptive detector ran; ``policy_file`` the name that rules are cited by, ``own_policies`` whether it is not the
    defaults that ship with ARF; ``memory_count`` and ``memory_sha256`` are of what was remembered, one incident a line.
    """

    inputs: tuple[Input, ...]
    now: datetime | None
    adaptive: bool
    policy_file: str
    own_policies: bool
    memory_count: int
    memory_sha256: str

    def document(self) -> dict[str, object]:
        """As it stands in a manifest."""
        return {
            "inputs": [one.document() for one in self.inputs],
            "now": None if self.now is None else write_time(self.now),
            "adaptive": self.adaptive,
            "policies": {"file": self.policy_file, "own": self.own_policies},
            "memory": {"count": self.memory_count, "sha256": self.memory_sha256},
        }


def read_created_from(value: object) -> CreatedFrom:
    """What :meth:`CreatedFrom.document` wrote.

    Raises:
        FormatError: it is not in that form.
    """
    given = object_of(value, what="created_from", keys=("inputs", "now", "adaptive", "policies", "memory"))
    policies = object_of(given["policies"], what="policies of created_from", keys=("file", "own"))
    memory = object_of(given["memory"], what="memory of created_from", keys=("count", "sha256"))
    inputs = list_of(given["inputs"], what="inputs of created_from", most=MAX_INPUTS)
    if not inputs:
        raise FormatError("inputs of created_from is empty: a bundle is made from something")
    return CreatedFrom(
        inputs=tuple(_input(item, f"inputs[{number}] of created_from") for number, item in enumerate(inputs)),
        now=_time(given["now"], "now of created_from"),
        adaptive=_flag(given["adaptive"], "adaptive of created_from"),
        policy_file=text_of(policies["file"], what="the file of the policies"),
        own_policies=_flag(policies["own"], "own of the policies"),
        memory_count=size_of(memory["count"], what="the count of the memory"),
        memory_sha256=digest_of(memory["sha256"], what="the sha256 of the memory"),
    )


_COUNTS: Final = ("events", "incidents", "windows", "faults")


def _input(item: object, what: str) -> Input:
    given = object_of(item, what=what, keys=("size", "sha256", "format", *_COUNTS, "first_at", "last_at"))
    counts = {name: size_of(given[name], what=f"{name} of {what}") for name in _COUNTS}
    return Input(
        size=size_of(given["size"], what=f"the size of {what}"),
        sha256=digest_of(given["sha256"], what=f"the sha256 of {what}"),
        form=text_of(given["format"], what=f"the format of {what}", most=40),
        first_at=_time(given["first_at"], f"first_at of {what}"),
        last_at=_time(given["last_at"], f"last_at of {what}"),
        **counts,
    )


def _time(value: object, what: str) -> datetime | None:
    return None if value is None else time_of(value, what=what)


def _flag(value: object, what: str) -> bool:
    if not isinstance(value, bool):
        raise FormatError(f"{what} must be true or false")
    return value
