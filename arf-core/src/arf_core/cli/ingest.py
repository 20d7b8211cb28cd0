# SPDX-License-Identifier: Apache-2.0
"""``arf ingest``: what ARF reads in an input, before anything is judged; and what it can read at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Final

import typer

from arf_core.cli.analyze import MOST_WARNINGS, FormatOption, NowOption, StrictOption, now_or
from arf_core.cli.files import read_input
from arf_core.cli.output import BAD_INPUT, SUCCESS, Answer, JsonOption, QuietOption, emit, heading, printable
from arf_core.errors import InputError
from arf_core.ingest.formats import DESCRIBED, Described, Format

if TYPE_CHECKING:
    from arf_core.ingest.batch import Batch
    from arf_core.models.event import ReliabilityEvent
    from arf_core.models.incident import Incident
    from arf_core.models.window import Window

MOST_LINES: Final = 100
"""How many records are shown as text; --json has all."""

Source = Annotated[str | None, typer.Argument(metavar="FILE|-", help="The file to read, or - for standard input.")]
ListOption = Annotated[bool, typer.Option("--list", help="List the formats instead of reading a file.")]


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command(epilog="Example: arf ingest alerts.json    and: arf ingest --list")(ingest)


def ingest(
    source: Source = None,
    *,
    form: FormatOption = Format.AUTO,
    now: NowOption = None,
    formats: ListOption = False,
    strict: StrictOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show what is read in an input, record by record, without judging it. It checks an integration."""
    if formats:
        emit(Answer(data=_formats(), lines=tuple(_format_lines())), as_json=json, quiet=quiet)
    if source is None:
        raise InputError("FILE is missing: name the file to read, - for standard input, or ask for --list")
    from arf_core.ingest.reading import read

    batch = read(read_input(source), now=now_or(now), form=form)
    answer = Answer(
        data=_document(batch),
        lines=tuple(_lines(batch)),
        warnings=tuple(_warnings(batch)),
        exit_code=BAD_INPUT if batch.faults and (strict or len(batch) == 0) else SUCCESS,
    )
    emit(answer, as_json=json, quiet=quiet)


def _formats() -> list[dict[str, str]]:
    return [
        {
            "format": one.form.value,
            "what": one.what,
            "recognised_by": one.recognised_by,
            "identity": one.identity,
            "ends_with": one.ends_with,
            "example": one.example,
        }
        for one in DESCRIBED
    ]


def _format_lines() -> Iterator[str]:
    for one in DESCRIBED:
        yield heading(f"{one.form.value:<13} {one.what}")
        yield from (f"  {name:<14} {text}" for name, text in _described(one))


def _described(one: Described) -> tuple[tuple[str, str], ...]:
    return (
        ("recognised by", one.recognised_by),
        ("the same if", one.identity),
        ("ends with", one.ends_with),
        ("for example", f"arf ingest {one.example} --format {one.form.value}"),
    )


def _document(batch: Batch) -> dict[str, object]:
    """Everything that was read, as JSON values, schema ``arf.ingest/1``."""
    from arf_core.ingest.incidents import write_incident
    from arf_core.plain import plain

    return {
        "schema": "arf.ingest/1",
        "read": len(batch),
        "events": plain(batch.events),
        "incidents": [write_incident(incident) for incident in batch.incidents],
        "windows": plain(batch.windows),
        "faults": plain(batch.faults),
        "notes": list(batch.notes),
    }


def _lines(batch: Batch) -> Iterator[str]:
    shown = [
        *(line for event in batch.events[:MOST_LINES] for line in _event_lines(event)),
        *map(_incident_line, batch.incidents[:MOST_LINES]),
        *(line for window in batch.windows[:MOST_LINES] for line in _window_lines(window)),
    ]
    yield from map(printable, shown)
    yield (
        f"{len(batch)} records read: {len(batch.events)} events, {len(batch.incidents)} incidents, "
        f"{len(batch.windows)} windows; {len(batch.faults)} could not be read"
    )


def _event_lines(event: ReliabilityEvent) -> Iterator[str]:
    """The event, and where each of its metrics was read."""
    from arf_core.canonical import write_time
    from arf_core.ingest.claims import READ_FROM

    named = f"  {event.alert.name} ({event.alert.severity.value})" if event.alert else ""
    metrics = "".join(f"  {name}={value:g}" for name, value in event.metrics.items())
    yield f"{write_time(event.timestamp)}  {event.status.value:<8}  {event.component}{named}{metrics}"
    origins = {name: event.labels.get(f"{READ_FROM}{name}") for name in event.metrics}
    yield from (f"    {name}: {origin}" for name, origin in origins.items() if origin)


def _incident_line(incident: Incident) -> str:
    from arf_core.canonical import write_time

    return f"{write_time(incident.occurred_at)}  incident  {incident.incident_id}  {len(incident.signals)} signals"


def _window_lines(window: Window) -> Iterator[str]:
    from arf_core.canonical import write_time

    ends = write_time(window.ends_at)
    yield f"{ends}  window    {len(window.abnormal)} components in steps of {window.step_s:g} s"
    for component, metrics in list(window.abnormal.items())[:MOST_LINES]:
        samples = max((len(series) for series in metrics.values()), default=0)
        normal = max((len(series) for series in window.normal.get(component, {}).values()), default=0)
        yield f"  {component}: {', '.join(list(metrics)[:8])}{', …' if len(metrics) > 8 else ''} ({normal} + {samples})"


def _warnings(batch: Batch) -> Iterator[str]:
    yield from batch.notes
    yield from (f"{fault.code} {fault}" for fault in batch.faults[:MOST_WARNINGS])
    if len(batch.faults) > MOST_WARNINGS:
        yield f"{len(batch.faults) - MOST_WARNINGS} more records could not be read: --json lists them"
