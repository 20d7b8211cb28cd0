# SPDX-License-Identifier: Apache-2.0
"""What an analysis is computed from, as one value: the same recipe gives the same analysis, whenever and wherever.

Time comes from the records alone. Where a record says none, the recipe must: a bundle that took the clock's would be
another one every time it is built.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from arf_core.config.oss_config import OSSConfig
from arf_core.errors import FormatError, SettingsError
from arf_core.ingest.formats import Format
from arf_core.ingest.windows import Edges
from arf_core.models.incident import Incident
from arf_core.policy.load import DEFAULTS, load

if TYPE_CHECKING:
    from arf_core.analysis import Analysis
    from arf_core.ingest.batch import Batch

UNSAID: Final = datetime(9000, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
"""What a record's time is read as where it says none: no record says this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """The text of a policy file, and the name that its rules are cited by; ``own`` if it is not ARF's defaults."""

    text: str
    file: str
    own: bool = True

    @classmethod
    def defaults(cls) -> Policies:
        """The policies that ship with this version."""
        from importlib.resources import files

        text = files("arf_core.policy").joinpath(DEFAULTS).read_text(encoding="utf-8")
        return cls(text=text, file=DEFAULTS, own=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One input as given, and the format to read it as."""

    data: bytes
    form: Format = Format.AUTO


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything an analysis is computed from.

    ``now`` (aware) is the time of records that say none; ``memory`` is remembered in this order; ``edges`` are the
    known calls as (caller, callee), each once; ``note`` is for people, and changes nothing.
    """

    sources: tuple[Source, ...]
    now: datetime | None = None
    policies: Policies = field(default_factory=Policies.defaults)
    config: OSSConfig = field(default_factory=OSSConfig)
    memory: tuple[Incident, ...] = ()
    edges: Edges = ()
    adaptive: bool = True
    note: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "edges", tuple(dict.fromkeys(self.edges)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cooked:
    """What came of a recipe: each input's records, and the analysis of all of them."""

    batches: tuple[Batch, ...]
    analysis: Analysis


def cook(recipe: Recipe) -> Cooked:
    """The analysis that ``recipe`` describes.

    Raises:
        InputError: an input, the policies or a setting cannot be used, or a record says no time and neither does
            ``now``.
    """
    from arf_core.advisor import Advisor
    from arf_core.analysis import analyze
    from arf_core.ingest.batch import joined

    batches = read_sources(recipe.sources, now=recipe.now, edges=recipe.edges)
    policies = load(recipe.policies.text, file=recipe.policies.file)
    advisor = Advisor(recipe.config, policies=policies, edges=recipe.edges)
    advisor.remember(recipe.memory)
    analysis = analyze(joined(batches), advisor, edges=recipe.edges, adaptive=recipe.adaptive)
    return Cooked(batches=batches, analysis=analysis)


def read_sources(sources: tuple[Source, ...], *, now: datetime | None, edges: Edges) -> tuple[Batch, ...]:
    """The records of each of ``sources``.

    Raises:
        FormatError: an input is not in its format, or there is nothing to read in any of them.
        SettingsError: a record says no time, and ``now`` is None.
    """
    from arf_core.ingest.prometheus import Query
    from arf_core.ingest.reading import Surroundings, read

    around = Surroundings(query=Query(edges=edges))
    found = tuple(read(source.data, now=now or UNSAID, form=source.form, surroundings=around) for source in sources)
    for number, batch in enumerate(found, start=1):
        if now is None and UNSAID in times_of(batch):
            raise SettingsError(f"input {number} has records that say no time: say it with --now 2026-01-02T03:04:05Z")
    if not any(len(batch) for batch in found):
        reasons = [f"{fault}" for batch in found for fault in batch.faults[:1]]
        raise FormatError(f"there is no record that could be read{': ' if reasons else ''}{'; '.join(reasons)}")
    return found


def times_of(batch: Batch) -> Iterator[datetime]:
    """When each record of ``batch`` happened."""
    yield from (event.timestamp for event in batch.events)
    yield from (incident.occurred_at for incident in batch.incidents)
    yield from (window.ends_at for window in batch.windows)
