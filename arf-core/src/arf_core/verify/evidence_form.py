# SPDX-License-Identifier: Apache-2.0
"""What an evidence pack says of each control: ``evidence.json``, schema ``arf.evidence/1`` (docs/contracts/evidence/1).

1. Where there are records, the status is ``evidence``; where there are none, that is what it says, and there is no
   digest.
2. Ranges go up, do not touch, and together have as many numbers as ``count`` says; each is in the log.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from arf_core.errors import FormatError
from arf_core.models.frozen import shown
from arf_core.verify.fields import digest_of, list_of, matched, object_of, size_of, text_of

EVIDENCE: Final = "evidence.json"
SCHEMA: Final = "arf.evidence/1"
FOUND: Final = "evidence"
NOT_FOUND: Final = "no evidence in this window"
MOST: Final = 1000
MOST_RANGES: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One control: which ``actions`` count (``key.created``, or the family ``key.*``), and what there was of them.

    ``ranges`` are first and last numbers of records; ``digest`` is over numbers and leaves, None where there are none.
    """

    name: str
    actions: frozenset[str]
    count: int
    ranges: tuple[tuple[int, int], ...]
    digest: str | None

    def counts(self, action: str) -> bool:
        """Whether records of ``action`` are among its own."""
        parts = action.split(".")
        families = (".".join(parts[:size]) + ".*" for size in range(1, len(parts)))
        return action in self.actions or not self.actions.isdisjoint(families)


def read_controls(value: object, manifest: Mapping[str, object]) -> tuple[Control, ...]:
    """The controls in a JSON value that was parsed strictly, of the pack that ``manifest`` is of.

    Raises:
        FormatError: it is not in the form, or contradicts itself or the manifest.
    """
    given = object_of(value, what=EVIDENCE, keys=("schema", "framework", "title", "controls"))
    if given["schema"] != SCHEMA:
        raise FormatError(f"the schema of {EVIDENCE} is {shown(given['schema'])}: this version reads {SCHEMA!r}")
    if given["framework"] != manifest["framework"] or given["framework"] not in FRAMEWORKS:
        raise FormatError(f"the framework of {EVIDENCE} is {shown(given['framework'])}: not that of the manifest")
    text_of(given["title"], what=f"the title of {EVIDENCE}")
    listed = list_of(given["controls"], what=f"the controls of {EVIDENCE}", most=MOST)
    controls = tuple(_control(item, f"controls[{number}] of {EVIDENCE}") for number, item in enumerate(listed))
    names = [control.name for control in controls]
    if not names or len(set(names)) != len(names):
        raise FormatError(f"{EVIDENCE} has no control, or one of them twice")
    size = size_of(manifest["size"], what="the size of the manifest")
    for control in controls:
        if control.ranges and control.ranges[-1][1] >= size:
            raise FormatError(f"{control.name} of {EVIDENCE} has record {control.ranges[-1][1]} of a log of {size}")
    return controls


def _control(item: object, what: str) -> Control:
    given = object_of(item, what=what, keys=_KEYS)
    for name in ("title", "shows"):
        text_of(given[name], what=f"the {name} of {what}")
    actions = list_of(given["actions"], what=f"the actions of {what}", most=MOST)
    ranges = list_of(given["ranges"], what=f"the ranges of {what}", most=MOST_RANGES)
    control = Control(
        name=text_of(given["control"], what=f"the control of {what}", most=100),
        actions=frozenset(matched(one, _ACTION, what=f"an action of {what}", rule=_RULE) for one in actions),
        count=size_of(given["count"], what=f"the count of {what}"),
        ranges=tuple(_range(one, f"ranges[{number}] of {what}") for number, one in enumerate(ranges)),
        digest=None if given["digest"] is None else digest_of(given["digest"], what=f"the digest of {what}"),
    )
    if given["status"] != (FOUND if control.count else NOT_FOUND) or (control.digest is None) is not (
        not control.count
    ):
        raise FormatError(f"{what} has {control.count} records: its status or digest says otherwise")  # rule 1
    _check_ranges(control, what)
    return control


def _range(value: object, what: str) -> tuple[int, int]:
    pair = list_of(value, what=what, most=2)
    if len(pair) != 2:
        raise FormatError(f"{what} must have a first and a last number")
    first, last = (size_of(number, what=what) for number in pair)
    return first, last


def _check_ranges(control: Control, what: str) -> None:  # rule 2
    before = -2
    for first, last in control.ranges:
        if not before + 1 < first <= last:
            raise FormatError(f"the ranges of {what} do not go up, or touch: [{first}, {last}]")
        before = last
    if (total := sum(last - first + 1 for first, last in control.ranges)) != control.count:
        raise FormatError(f"the ranges of {what} have {total} records, and its count is {control.count}")


FRAMEWORKS: Final = ("soc2", "gdpr", "hipaa")
_ACTION: Final = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*\.(?:\*|[a-z][a-z0-9_]*)")
_RULE: Final = "an action such as key.created, or a family such as key.*"
_KEYS: Final = ("control", "title", "shows", "actions", "status", "count", "ranges", "digest")
