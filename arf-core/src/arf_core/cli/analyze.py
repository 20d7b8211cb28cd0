# SPDX-License-Identifier: Apache-2.0
"""``arf analyze FILE``: what is wrong, where it began, what resembled it, and what to consider."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from arf_core.cli.files import read_input, read_text, write_output
from arf_core.cli.moments import moment_of
from arf_core.cli.output import BAD_INPUT, SUCCESS, Answer, JsonOption, QuietOption, emit, watched
from arf_core.cli.show import ConfigOption
from arf_core.errors import InputError
from arf_core.ingest.formats import Format
from arf_core.plot.kinds import PlotKind

if TYPE_CHECKING:
    from arf_core.advisor import Advisor
    from arf_core.analysis import Analysis, Answered
    from arf_core.features import Features
    from arf_core.ingest.batch import Batch
    from arf_core.ingest.reading import Surroundings
    from arf_core.stages import Edges, Subject


MOST_WARNINGS = 20
"""How many bad records are named on standard error."""


Source = Annotated[str, typer.Argument(metavar="FILE|-", help="The file to read, or - for standard input.")]
FormatOption = Annotated[Format, typer.Option("--format", help="What the input is.")]
TopologyOption = Annotated[Path | None, typer.Option(help="Calls: a JSON list of [caller, callee].")]
BaselineOption = Annotated[Path | None, typer.Option(help="Normal series for windows without their own.")]
MemoryOption = Annotated[Path | None, typer.Option(help="Incidents to remember (JSONL).")]
PolicyOption = Annotated[Path | None, typer.Option(help="Healing policies (YAML) instead of the defaults.")]
OutOption = Annotated[Path | None, typer.Option(help="Write the sealed intents there, one a line.")]
PlotOption = Annotated[Path | None, typer.Option(help="Draw the first finding there (.svg or .png).")]
KindOption = Annotated[PlotKind | None, typer.Option("--plot-kind", help="What to draw: all of it, unless named.")]
StrictOption = Annotated[bool, typer.Option("--strict", help="Exit 6 if any record could not be read.")]
PlainOption = Annotated[bool, typer.Option("--thresholds-only", help="Leave out the adaptive detector.")]
NowOption = Annotated[str | None, typer.Option(help="The time of input that says none, ISO 8601 with a zone.")]


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command(epilog="Example: arf analyze alerts.json --memory incidents.jsonl --out intents.jsonl")(analyze)


def analyze(
    source: Source,
    *,
    form: FormatOption = Format.AUTO,
    topology: TopologyOption = None,
    baseline: BaselineOption = None,
    memory: MemoryOption = None,
    policy: PolicyOption = None,
    out: OutOption = None,
    plot: PlotOption = None,
    plot_kind: KindOption = None,
    now: NowOption = None,
    thresholds_only: PlainOption = False,
    strict: StrictOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say what is wrong, where it began, what resembled it, and what to consider. It changes nothing."""
    from arf_core.analysis import analysis_document
    from arf_core.analysis import analyze as analyze_batch
    from arf_core.features import load as load_features
    from arf_core.ingest.reading import read

    moment, flags = now_or(now), load_features(os.environ).features
    around = _surroundings(topology, baseline)
    batch = read(read_input(source), now=moment, form=form, surroundings=around)
    edges, adaptive = around.query.edges, flags.adaptive and not thresholds_only
    advisor, warnings = _advisor(config, policy, memory, edges, _earliest(batch, moment), flags)
    analysis = analyze_batch(batch, advisor, edges=edges, adaptive=adaptive, watch=watched)
    if out is not None:
        write_output(out, intent_lines(analysis))
    if plot is not None:
        write_output(plot, _drawn(analysis, plot, plot_kind or PlotKind.ALL, edges))
    answer = Answer(
        data=analysis_document(analysis),
        lines=tuple(_lines(analysis, flags, None if plot else plot_kind, edges)),
        warnings=(*warnings, *_warnings(analysis)),
        exit_code=BAD_INPUT if _is_bad(analysis, strict=strict) else SUCCESS,
    )
    emit(answer, as_json=json, quiet=quiet)


def now_or(text: str | None) -> datetime:
    """The time that ``--now`` says, else that of the clock: everything further in is given its time.

    Raises:
        SettingsError: it is not a time with a zone.
    """
    return moment_of("--now", text) or datetime.now(UTC)


def _surroundings(topology: Path | None, baseline: Path | None) -> Surroundings:
    from arf_core.ingest.prometheus import Query
    from arf_core.ingest.reading import Surroundings
    from arf_core.ingest.unpack import unpacked
    from arf_core.ingest.windows import read_baseline, read_edges

    edges = () if topology is None else read_edges(unpacked(read_input(str(topology))))
    shared = None if baseline is None else read_baseline(unpacked(read_input(str(baseline))))
    return Surroundings(baseline=shared, query=Query(edges=edges))


def _advisor(
    settings: Path | None,
    policy: Path | None,
    memory: Path | None,
    edges: Edges,
    earliest: datetime,
    flags: Features,
) -> tuple[Advisor, list[str]]:
    """The advisor that the options describe, and what people should know about its memory."""
    from arf_core.advisor import Advisor
    from arf_core.config.oss_config import load
    from arf_core.policy.load import load as load_policies

    config = flags.applied_to(load(arguments={}, environment=os.environ, file=settings).config)
    file = policy or (Path(config.policy_file) if config.policy_file else None)
    policies = None if file is None else load_policies(read_text(file), file=file.name)
    advisor = Advisor(config, policies=policies, edges=edges)
    return advisor, [] if memory is None else remember_file(advisor, memory, default_time=earliest)


def remember_file(advisor: Advisor, file: Path, *, default_time: datetime) -> list[str]:
    """Fill the advisor's memory from ``file``; what people should know about it comes back as warnings.

    An incident that does not say when it happened is taken to be of ``default_time``.
    """
    from arf_core.ingest.reading import read_incidents

    batch = read_incidents(read_input(str(file)), default_time=default_time)
    advisor.remember(batch.incidents)
    warnings = [f"{file.name}: {fault}" for fault in batch.faults]
    if (left := len(batch.incidents) - len(advisor.memory)) > 0:
        warnings.append(f"{file.name}: {left} incidents beyond the latest {len(advisor.memory)} are not remembered")
    oldest = timedelta(days=advisor.config.MAX_RAG_LOOKBACK_DAYS)
    if old := sum(incident.occurred_at < default_time - oldest for incident in batch.incidents):
        warnings.append(f"{file.name}: {old} incidents are older than {oldest.days} days and are not recalled")
    return warnings


def _earliest(batch: Batch, moment: datetime) -> datetime:
    from arf_core.stages import time_of

    records: list[Subject] = [*batch.events, *batch.incidents, *batch.windows]
    return min(map(time_of, records), default=moment)


def intent_lines(analysis: Analysis) -> bytes:
    """The sealed intents, one a line."""
    intents = (intent for answered in analysis.answered for intent in answered.advice.intents)
    return "".join(intent.to_json() + "\n" for intent in intents).encode()


def _drawn(analysis: Analysis, file: Path, kind: PlotKind, edges: Edges) -> bytes:
    from arf_core.plot.chart import chart_of, only
    from arf_core.plot.figure import draw

    found = [answered for answered in analysis.answered if answered.advice.root_causes]
    if not found:
        raise InputError("there is nothing to draw: nothing is abnormal")
    chart = only(chart_of(found[0].advice, found[0].window, edges), kind)
    return draw(chart, file_format=file.suffix.removeprefix(".").lower())


def _lines(analysis: Analysis, flags: Features, kind: PlotKind | None, edges: Edges) -> Iterator[str]:
    from arf_core.cli.render import advice_lines

    for answered in analysis.answered:
        yield from advice_lines(answered.advice, window=answered.window, drawn=flags.terminal_plots)
        if kind in {PlotKind.GRAPH, PlotKind.ALL}:
            yield from _calls(answered, edges)
    intents = sum(len(answered.advice.intents) for answered in analysis.answered)
    yield f"{analysis.read} records read, {analysis.normal} of them normal; {intents} intents sealed"


def _calls(answered: Answered, edges: Edges) -> Iterator[str]:
    from arf_core.cli.output import heading, printable
    from arf_core.plot.graph import graph_of
    from arf_core.plot.terminal import call_lines

    graph = graph_of(answered.advice, answered.window, edges)
    yield f"  {heading('who calls whom')}"
    lines = call_lines(graph) if graph is not None else ("  no call is known: give them with --topology",)
    yield from (f"  {printable(line)}" for line in lines)


def _warnings(analysis: Analysis) -> Iterator[str]:
    yield from analysis.notes
    yield from (f"{fault.code} {fault}" for fault in analysis.faults[:MOST_WARNINGS])
    if len(analysis.faults) > MOST_WARNINGS:
        yield f"{len(analysis.faults) - MOST_WARNINGS} more records could not be read: --json lists them"


def _is_bad(analysis: Analysis, *, strict: bool) -> bool:
    return bool(analysis.faults) and (strict or analysis.read == 0)
