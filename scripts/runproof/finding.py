# SPDX-License-Identifier: Apache-2.0
"""One thing that a run found wrong, and the report that a watched process hands to its parent."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field


class CouldNotRun(Exception):
    """The proof could not be carried out: neither proven nor violated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong (``kind``: the audit event or the name of a check), in words, and where."""

    kind: str
    what: str
    where: str

    def __str__(self) -> str:
        return f"{self.where} {self.kind} {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a watched process said: its findings and its figures. ``ended`` is false if it broke off."""

    findings: tuple[Finding, ...] = ()
    figures: Mapping[str, object] = field(default_factory=dict)
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """The pipe to the parent. Each finding is written at once, so that nothing later can unsay it."""

    descriptor: int

    def tell(self, finding: Finding) -> None:
        """Write ``finding``."""
        self._write({"finding": asdict(finding)})

    def end(self, figures: Mapping[str, object]) -> None:
        """Write the figures: the last word of a run that reached its end."""
        self._write({"figures": dict(figures)})

    def _write(self, document: dict[str, object]) -> None:
        os.write(self.descriptor, json.dumps(document).encode() + b"\n")


def read_report(lines: bytes) -> Report:
    """The report that :class:`Line` wrote."""
    documents = [json.loads(line) for line in lines.splitlines()]
    figures = [document["figures"] for document in documents if "figures" in document]
    return Report(findings=tuple(_findings(documents)), figures=figures[-1] if figures else {}, ended=len(figures) == 1)


def _findings(documents: list[dict[str, dict[str, str]]]) -> Iterator[Finding]:
    yield from (Finding(**document["finding"]) for document in documents if "finding" in document)
