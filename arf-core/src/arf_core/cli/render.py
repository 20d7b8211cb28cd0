# SPDX-License-Identifier: Apache-2.0
"""An advice as lines for people: seen, where, resembles, consider, refused."""

from __future__ import annotations

from collections.abc import Iterator

from arf_core.canonical import write_time
from arf_core.cli.output import heading, printable
from arf_core.models.advice import Advice, Refused
from arf_core.models.anomaly import Anomaly
from arf_core.models.healing_intent import HealingIntent
from arf_core.models.incident import Match
from arf_core.models.outlook import Impact, Outlook
from arf_core.models.window import Window
from arf_core.plot.chart import chart_of
from arf_core.plot.terminal import lines_of

MOST_ANOMALIES = 5
MOST_REASONS = 3
MOST_REFUSED = 8


def advice_lines(advice: Advice, *, window: Window | None = None, drawn: bool = True) -> Iterator[str]:
    """The whole answer; series and bars in words unless ``drawn``. Names and texts from telemetry are shown safely."""
    yield heading(f"{advice.incident_id}  {write_time(advice.at)}")
    for closed in advice.closed:
        yield f"  closed {printable(closed)}"
    if advice.because:
        yield f"  {printable(advice.because)}"
    if advice.anomalies:
        yield from _section("seen", _seen(advice.anomalies))
    if advice.root_causes:
        yield from _section("where it began", map(printable, lines_of(chart_of(advice, window), drawn=drawn)))
        yield from (f"    {printable(step.conclusion)}" for step in advice.root_causes[0].chain)
    if advice.outlook:
        yield from _section("ahead", map(_ahead, advice.outlook))
    if advice.impact is not None:
        yield from _section("impact", _impact(advice.impact))
    if advice.matches:
        yield from _section("resembles", map(_match, advice.matches))
    if advice.intents:
        yield from _section("consider", _intents(advice.intents))
    if advice.refused:
        yield from _section("considered and refused", _refused(advice.refused))


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield f"  {heading(title)}"
    yield from (f"  {line}" for line in lines)


def _seen(anomalies: tuple[Anomaly, ...]) -> Iterator[str]:
    for anomaly in anomalies[:MOST_ANOMALIES]:
        yield f"  {anomaly.severity.value:<8}  {printable(anomaly.component)}"
        yield from (f"    {printable(reason)}" for reason in anomaly.because[:MOST_REASONS])
    if len(anomalies) > MOST_ANOMALIES:
        yield f"  and {len(anomalies) - MOST_ANOMALIES} more components"


def _ahead(one: Outlook) -> str:
    ahead = one.forecast
    latest = "never" if ahead.latest_s is None else _age(ahead.latest_s)
    return printable(
        f"  {one.metric} of {one.component} reaches {one.threshold:g} in {_age(ahead.seconds_to_threshold)} "
        f"({_age(ahead.earliest_s)} to {latest}, confidence {ahead.confidence:.0%})"
    )


def _impact(impact: Impact) -> Iterator[str]:
    yield from (f"  {step}" for step in impact.arithmetic)
    yield from (f"  not known: {missing}" for missing in impact.missing)


def _match(match: Match) -> str:
    incident = match.incident
    ending = f"{incident.action}: {incident.outcome.value}" if incident.action else "no action recorded"
    what = incident.fault_type or "fault not recorded"
    return printable(f"  {match.score:.2f}  {incident.incident_id}  {_age(match.age_s)} ago  {what}  {ending}")


def _intents(intents: tuple[HealingIntent, ...]) -> Iterator[str]:
    for number, intent in enumerate(intents, start=1):
        what = f"{heading(intent.action.value)} {printable(intent.component)}"
        yield f"  {number} {what}  confidence {intent.confidence:.2f}"
        yield f"      why:  {printable(intent.justification)}"
        if intent.rollback_hint:
            yield f"      undo: {printable(intent.rollback_hint)}"
        yield f"      {intent.intent_id}  {intent.digest}"


def _refused(refused: tuple[Refused, ...]) -> Iterator[str]:
    """The first reason for each action of each component; ``--json`` has them all."""
    first = {(one.component, one.action): one for one in reversed(refused)}
    shown = [one for one in refused if first[one.component, one.action] is one]
    for one in shown[:MOST_REFUSED]:
        yield printable(f"  {one.action} {one.component}: {one.because}  [{one.rule}]")
    if len(refused) > len(shown[:MOST_REFUSED]):
        yield f"  ({len(refused)} reasons in all: --json lists them)"


def _age(seconds: float) -> str:
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
