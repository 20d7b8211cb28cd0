# SPDX-License-Identifier: Apache-2.0
"""``arf demo``: from real incidents to sealed intents, a verified bundle, and a flipped bit that is caught by name.

1. Remember the incidents of the past.
2. Analyse two of the present: a window of series, and a set of alerts.
3. Seal what may be recommended.
4. Bundle it with all it rests on; verify the bundle, and compute it again from the bundle alone.
5. Flip one bit and verify again: it must fail, or the demo does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from arf_core.cli.analyze import intent_lines
from arf_core.cli.files import write_output
from arf_core.cli.output import SUCCESS, VERIFICATION_FAILED, Answer, JsonOption, QuietOption, emit, heading
from arf_core.cli.verify import report_lines

if TYPE_CHECKING:
    from arf_core.analysis import Analysis
    from arf_core.bundle.recipe import Recipe
    from arf_core.models.incident import Incident
    from arf_core.models.window import Window
    from arf_core.stages import Edges
    from arf_core.verify.report import Report

NOW: Final = datetime(2022, 8, 23, tzinfo=UTC)
"""When the alerts that carry no time are taken to have happened: the day of the recorded series."""

PRESENT_WINDOW: Final = 1
PRESENT_INCIDENT: Final = -1
"""Which of the recorded series and alerts are of the present; the others are of the past."""

COMPONENT: Final = b'"component":"'
INTENTS: Final = b"intents.jsonl"

HEALED_BY: Final = {
    "cpu_contention": "scale_out",
    "cpu_consumed": "scale_out",
    "return": "rollback",
    "exception": "rollback",
    "network_delay": "circuit_breaker",
    "cpu": "scale_out",
    "memory": "restart_container",
    "network-corrupt": "circuit_breaker",
    "network-delay": "circuit_breaker",
    "network-loss": "circuit_breaker",
    "pod-failure": "restart_container",
    "pod-kill": "restart_container",
}
"""What healed each fault: our own judgement, because the recorded incidents do not say."""


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command(epilog="Example: arf demo --out intents.jsonl")(demo)


def demo(
    *,
    out: Annotated[Path | None, typer.Option(help="Keep the sealed intents there, one a line.")] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show the whole way on real incidents, offline: from series and alerts to intents that anyone can verify."""
    from arf_core.bundle.build import build
    from arf_core.bundle.recipe import cook
    from arf_core.bundle.recompute import recomputed
    from arf_core.verify.artifact import verify_bytes

    recipe = _recipe(_past())  # 1
    cooked = cook(recipe)  # 2
    if out is not None:  # 3
        write_output(out, intent_lines(cooked.analysis))
    bundle = build(recipe, cooked=cooked)
    verified = recomputed(bundle, verify_bytes(bundle, name="demo.arfb"))  # 4
    tampered = verify_bytes(_tampered(bundle), name="demo.arfb, one bit flipped")  # 5
    story = _Story(remembered=len(recipe.memory), analysis=cooked.analysis, verified=verified, tampered=tampered)
    as_promised = verified.ok and not tampered.ok
    code = SUCCESS if as_promised else VERIFICATION_FAILED
    emit(Answer(data=story.document(), lines=tuple(story.lines(out)), exit_code=code), as_json=json, quiet=quiet)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """The incidents that are over: what was recorded, and what people found and did."""

    windows: tuple[tuple[Window, Mapping[str, object]], ...]
    incidents: tuple[Incident, ...]
    edges: Edges


@dataclass(frozen=True, slots=True, kw_only=True)
class _Story:
    """What the demo did, for people and for machines."""

    remembered: int
    analysis: Analysis
    verified: Report
    tampered: Report

    def document(self) -> dict[str, object]:
        """The whole story as JSON values."""
        from arf_core.analysis import analysis_document
        from arf_core.plain import plain

        return {
            "remembered": self.remembered,
            "analysis": analysis_document(self.analysis),
            "verified": plain(self.verified),
            "tampered": plain(self.tampered),
        }

    def lines(self, out: Path | None) -> Iterator[str]:
        """The whole story as text."""
        from arf_core.cli.render import advice_lines

        yield heading(f"1  {self.remembered} incidents of the past are remembered (arf_core/cases/NOTICE.md)")
        yield heading("2  two incidents of the present")
        for answered in self.analysis.answered:
            yield ""
            yield from advice_lines(answered.advice, window=answered.window)
        yield ""
        sealed = sum(len(answered.advice.intents) for answered in self.analysis.answered)
        kept = "" if out is None else f" in {out}"
        yield heading(f"3  {sealed} intents sealed{kept}, and bundled with all they rest on")
        yield heading("4  verified, and computed again from the bundle alone: offline, by anyone")
        yield from report_lines(self.verified)
        yield heading("5  and after one bit was flipped")
        yield from report_lines(self.tampered)
        yield ""
        yield "Next: arf analyze FILE     with your own alerts or series"


def _past() -> _Past:
    """The recorded incidents but one window and one set of alerts, which are of the present."""
    from arf_core.ingest.incidents import read_incident
    from arf_core.ingest.windows import read_edges, read_window

    folder = files("arf_core") / "cases"
    edges = read_edges((folder / "edges.json").read_bytes())
    windows = _records(folder / "windows.jsonl")
    incidents = _records(folder / "incidents.jsonl")
    return _Past(
        windows=tuple(
            (read_window(record, edges=edges, default_time=NOW), record)
            for number, record in enumerate(windows)
            if number != PRESENT_WINDOW
        ),
        incidents=tuple(read_incident(record, default_time=NOW) for record in incidents[:PRESENT_INCIDENT]),
        edges=edges,
    )


def _records(file: Traversable) -> list[Mapping[str, object]]:
    from arf_core.strict_json import parse_json

    records = [parse_json(line, what=file.name) for line in file.read_bytes().splitlines()]
    return [record for record in records if isinstance(record, Mapping)]


def _known(past: _Past) -> Iterator[Incident]:
    """The incidents of the past in the form memory keeps, with where they began and what healed them."""
    from arf_core.advisor import Advisor
    from arf_core.models.incident import Outcome

    advisor = Advisor(edges=past.edges)
    for window, label in past.windows:
        found = advisor.describe(window)
        fault = str(label["fault_type"])
        yield replace(
            found,
            incident_id=str(label["id"]),
            component=str(label["root"]),
            fault_type=fault,
            action=HEALED_BY[fault],
            outcome=Outcome.HEALED,
        )
    for incident in past.incidents:
        yield replace(incident, action=HEALED_BY[str(incident.fault_type)], outcome=Outcome.HEALED)


def _recipe(past: _Past) -> Recipe:
    """What the present incidents are judged from, as a bundle keeps it."""
    from arf_core.bundle.recipe import Recipe, Source

    folder = files("arf_core") / "cases"
    window = (folder / "windows.jsonl").read_bytes().splitlines()[PRESENT_WINDOW]
    incident = (folder / "incidents.jsonl").read_bytes().splitlines()[PRESENT_INCIDENT]
    return Recipe(
        sources=(Source(data=window), Source(data=incident)),
        now=NOW,
        memory=tuple(_known(past)),
        edges=tuple(past.edges),
    )


def _tampered(bundle: bytes) -> bytes:
    """``bundle`` with one bit changed: the last letter of an intent's component, so that it names another."""
    start = bundle.index(COMPONENT, bundle.index(INTENTS)) + len(COMPONENT)
    place = bundle.index(b'"', start) - 1
    return bundle[:place] + bytes([bundle[place] ^ 1]) + bundle[place + 1 :]
