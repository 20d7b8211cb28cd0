# SPDX-License-Identifier: Apache-2.0
"""``arf replay``: what ARF would have proposed for alerts of the past, beside what people did."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from arf_core.cli.analyze import MemoryOption, PolicyOption, TopologyOption, remember_file
from arf_core.cli.files import read_input, read_text
from arf_core.cli.output import BAD_INPUT, SUCCESS, Answer, JsonOption, QuietOption, emit, heading, printable, watched
from arf_core.cli.show import ConfigOption

if TYPE_CHECKING:
    from arf_core.advisor import Advisor
    from arf_core.ingest.batch import Batch
    from arf_core.replay import Compared, Proposed, Replay
    from arf_core.stages import Edges, Subject

MOST = 20
"""How many lines of one sort are shown; ``--json`` has them all."""

Alerts = Annotated[str, typer.Argument(metavar="ALERTS|-", help="The alerts to replay, in any format ARF reads.")]
ActionsOption = Annotated[Path, typer.Option(help="What people did (JSONL: at, component, action, outcome).")]
WindowOption = Annotated[float, typer.Option(help="How many minutes apart action and proposal may be.", min=0.01)]


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command(epilog="Example: arf replay alerts.jsonl --actions people.jsonl")(replay)


def replay(
    alerts: Alerts,
    *,
    actions: ActionsOption,
    window: WindowOption = 60.0,
    topology: TopologyOption = None,
    memory: MemoryOption = None,
    policy: PolicyOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show what ARF would have proposed for past alerts beside what people did. Shadow: nothing is done."""
    from arf_core.ingest.reading import read
    from arf_core.replay import read_done, replay_document
    from arf_core.replay import replay as replayed
    from arf_core.stages import time_of

    done, wrong = read_done(read_input(str(actions)))
    moment = datetime.now(UTC)  # the rim: for records that do not say when they were
    batch = read(read_input(alerts), now=moment)
    edges = _edges(topology)
    advisor = _advisor(config, policy, edges)
    records: list[Subject] = [*batch.events, *batch.incidents, *batch.windows]
    warnings = [f"{actions.name}: {fault}" for fault in wrong[:MOST]]
    if undated := sum(time_of(record) == moment for record in records):
        warnings.append(f"{undated} records do not say when they were, and count as of now: they match no action")
    if memory is not None:
        warnings += remember_file(advisor, memory, default_time=min(map(time_of, records), default=moment))
    found = replayed(batch, done, advisor, edges=edges, window=timedelta(minutes=window), watch=watched)
    answer = Answer(
        data=replay_document(found),
        lines=tuple(_lines(found)),
        warnings=(*warnings, *batch.notes, *map(str, batch.faults[:MOST])),
        exit_code=BAD_INPUT if _is_bad(batch, done, wrong) else SUCCESS,
    )
    emit(answer, as_json=json, quiet=quiet)


def _is_bad(batch: Batch, done: tuple[object, ...], wrong: tuple[object, ...]) -> bool:
    return bool(batch.faults and not len(batch)) or bool(wrong and not done)


def _edges(topology: Path | None) -> Edges:
    from arf_core.ingest.unpack import unpacked
    from arf_core.ingest.windows import read_edges

    return () if topology is None else read_edges(unpacked(read_input(str(topology))))


def _advisor(settings: Path | None, policy: Path | None, edges: Edges) -> Advisor:
    from arf_core.advisor import Advisor
    from arf_core.config.oss_config import load
    from arf_core.features import load as load_features
    from arf_core.policy.load import load as load_policies

    flags = load_features(os.environ).features
    config = flags.applied_to(load(arguments={}, environment=os.environ, file=settings).config)
    file = policy or (Path(config.policy_file) if config.policy_file else None)
    policies = None if file is None else load_policies(read_text(file), file=file.name)
    return Advisor(config, policies=policies, edges=edges)


def _lines(found: Replay) -> Iterator[str]:
    from arf_core.replay import HONEST, Agreement

    yield heading(HONEST)
    yield f"{found.records} records replayed: {len(found.proposals)} proposals for {found.incidents} incidents"
    yield f"people did {len(found.compared)} things, compared within {found.window.total_seconds() / 60:g} min"
    for agreement, words in (
        (Agreement.AGREED, "ARF's first proposal was the same"),
        (Agreement.ALSO_PROPOSED, "ARF proposed it too, but not first"),
        (Agreement.PROPOSED_OTHERWISE, "ARF proposed something else there"),
        (Agreement.ONLY_PEOPLE, "ARF proposed nothing there"),
    ):
        yield f"  {found.count(agreement):>5}  {words}"
    yield f"  {len(found.only_arf):>5}  first proposals where people did nothing"
    if found.median_lead_s is not None:
        earlier = "earlier" if found.median_lead_s >= 0 else "later"
        yield f"where both chose the same, ARF was {_long(found.median_lead_s)} {earlier} (median)"
    yield from _part("people, and ARF beside them", [_beside(one) for one in found.compared])
    yield from _part("only ARF", [_alone(one) for one in found.only_arf])


def _part(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield heading(title)
        yield from (f"  {printable(line)}" for line in lines[:MOST])
    if len(lines) > MOST:
        yield f"  and {len(lines) - MOST} more: --json lists them"


def _beside(one: Compared) -> str:
    did = f"{one.done.at:%Y-%m-%d %H:%M:%S}  {one.done.action} {one.done.component} ({one.done.outcome.value})"
    if one.proposed is None:
        return f"{did}  | nothing"
    lead = one.lead_s or 0.0
    when = f"{_long(lead)} {'earlier' if lead >= 0 else 'later'}"
    return f"{did}  | {one.proposed.action}, place {one.proposed.place}, {when}"


def _alone(one: Proposed) -> str:
    return f"{one.at:%Y-%m-%d %H:%M:%S}  {one.action} {one.component}  confidence {one.confidence:.2f}  {one.intent_id}"


def _long(seconds: float) -> str:
    size = abs(seconds)
    for unit, length in (("h", 3600.0), ("min", 60.0)):
        if size >= length:
            return f"{size / length:.3g} {unit}"
    return f"{size:.3g} s"
