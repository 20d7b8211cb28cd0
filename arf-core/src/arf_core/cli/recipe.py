# SPDX-License-Identifier: Apache-2.0
"""The options that describe an analysis to be kept, for ``arf bundle`` and ``arf regress``."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from arf_core.cli.files import read_input, read_text
from arf_core.cli.moments import moment_of
from arf_core.errors import FormatError, SettingsError
from arf_core.ingest.formats import Format

if TYPE_CHECKING:
    from arf_core.bundle.recipe import Policies, Recipe, Source
    from arf_core.ingest.windows import Edges
    from arf_core.models.incident import Incident

FormatOption = Annotated[Format, typer.Option("--format", help="What the input is.")]
PolicyOption = Annotated[Path | None, typer.Option(help="Healing policies (YAML) instead of the defaults.")]
MemoryOption = Annotated[Path | None, typer.Option(help="Incidents to remember (JSONL).")]
TopologyOption = Annotated[Path | None, typer.Option(help="Calls: a JSON list of [caller, callee].")]
NoteOption = Annotated[str | None, typer.Option(help="A line for people, kept in the manifest.")]
NowOption = Annotated[str | None, typer.Option(help="The time of records that say none, ISO 8601 with a zone.")]
PlainOption = Annotated[bool, typer.Option("--thresholds-only", help="Leave out the adaptive detector.")]


def recipe_from(
    inputs: list[bytes],
    *,
    form: Format,
    policy: Path | None,
    memory: Path | None,
    topology: Path | None,
    config: Path | None,
    now: str | None,
    note: str | None,
    thresholds_only: bool,
) -> Recipe:
    """The recipe that the options describe, for the contents of ``inputs``.

    Raises:
        InputError: a file cannot be read, or an option cannot be used.
    """
    from arf_core.bundle.recipe import Recipe, Source
    from arf_core.config.oss_config import load

    loaded = load(arguments={}, environment=os.environ, file=config).config
    sources = tuple(Source(data=data, form=form) for data in inputs)
    edges, moment = _edges(topology), moment_of("--now", now)
    return Recipe(
        sources=sources,
        now=moment,
        policies=_policies(policy or (Path(loaded.policy_file) if loaded.policy_file else None)),
        config=loaded,
        memory=() if memory is None else _memory(memory, sources, moment, edges),
        edges=edges,
        adaptive=not thresholds_only,
        note=_line(note),
    )


def _policies(file: Path | None) -> Policies:
    from arf_core.bundle.recipe import Policies

    return Policies.defaults() if file is None else Policies(text=read_text(file), file=file.name)


def _edges(file: Path | None) -> Edges:
    from arf_core.ingest.unpack import unpacked
    from arf_core.ingest.windows import read_edges

    return () if file is None else read_edges(unpacked(read_input(str(file))))


def _memory(file: Path, sources: tuple[Source, ...], now: datetime | None, edges: Edges) -> tuple[Incident, ...]:
    """The incidents in ``file``: all of them, for what is left out of a bundle without a word cannot be verified."""
    from arf_core.bundle.recipe import read_sources, times_of
    from arf_core.ingest.reading import read_incidents

    earliest = min(time for batch in read_sources(sources, now=now, edges=edges) for time in times_of(batch))
    batch = read_incidents(read_input(str(file)), default_time=earliest)
    if batch.faults:
        raise FormatError(f"{file.name}: {batch.faults[0]} ({len(batch.faults)} in all): mend or remove it")
    return batch.incidents


def _line(note: str | None) -> str | None:
    if note is not None and (not note.isprintable() or not 0 < len(note) <= 2000):
        raise SettingsError("--note must be one line of 1 to 2000 printable characters")
    return note
