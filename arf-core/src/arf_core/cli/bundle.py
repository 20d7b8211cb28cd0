# SPDX-License-Identifier: Apache-2.0
"""``arf bundle build|inspect|diff|verify``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from arf_core.cli.files import read_input, write_output
from arf_core.cli.output import (
    SUCCESS,
    VERIFICATION_FAILED,
    Answer,
    JsonOption,
    QuietOption,
    emit,
    heading,
    printable,
)
from arf_core.cli.recipe import (
    FormatOption,
    MemoryOption,
    NoteOption,
    NowOption,
    PlainOption,
    PolicyOption,
    TopologyOption,
    recipe_from,
)
from arf_core.cli.show import ConfigOption
from arf_core.cli.verify import RecomputeOption, report_lines
from arf_core.ingest.formats import Format

if TYPE_CHECKING:
    from arf_core.verify.bundles import Bundle

BundleArgument = Annotated[str, typer.Argument(metavar="BUNDLE|-", help="A bundle (.arfb).")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    commands = typer.Typer(help="Keep an incident, and all that ARF's advice on it rests on, in one verifiable file.")
    commands.command(epilog="Example: arf bundle build alerts.json -o incident.arfb")(build)
    commands.command(epilog="Example: arf bundle inspect incident.arfb")(inspect)
    commands.command(epilog="Example: arf bundle diff before.arfb after.arfb")(diff)
    commands.command(epilog="Example: arf bundle verify incident.arfb --recompute")(verify)
    app.add_typer(commands, name="bundle", no_args_is_help=True)


def build(
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT...", help="Files to analyse, or - for standard input.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The bundle to write (.arfb).")],
    reference: Annotated[bool, typer.Option("--reference", help="Keep values of telemetry out of it.")] = False,
    form: FormatOption = Format.AUTO,
    policy: PolicyOption = None,
    memory: MemoryOption = None,
    topology: TopologyOption = None,
    config: ConfigOption = None,
    now: NowOption = None,
    note: NoteOption = None,
    thresholds_only: PlainOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Analyse the inputs and keep all that the advice rests on in one file: the same inputs give the same bytes."""
    from arf_core.bundle.build import build as build_bundle
    from arf_core.bundle.compare import summary
    from arf_core.verify.bundles import read_bundle

    recipe = recipe_from(
        list(map(read_input, inputs)),
        form=form,
        policy=policy,
        memory=memory,
        topology=topology,
        config=config,
        now=now,
        note=note,
        thresholds_only=thresholds_only,
    )
    data = build_bundle(recipe, reference=reference)
    found = summary(read_bundle(data))
    write_output(out, data)
    lines = (f"{out}: {len(data)} bytes, {len(found['intents'])} intents", f"  {found['digest']}")  # type: ignore[arg-type]
    emit(Answer(data=found, lines=lines), as_json=json, quiet=quiet)


def inspect(bundle: BundleArgument, *, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Say what is in a bundle, once it verifies. Exit 2 if it does not."""
    from arf_core.bundle.compare import summary

    found = summary(_opened(bundle))
    emit(Answer(data=found, lines=tuple(_summary_lines(bundle, found))), as_json=json, quiet=quiet)


def diff(
    first: Annotated[str, typer.Argument(metavar="A", help="A bundle.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Another bundle.")],
    *,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say how two bundles differ: files, settings and recommendations. Exit 0 whether or not they do."""
    from arf_core.bundle.compare import difference

    found = difference(_opened(first), _opened(second))
    emit(Answer(data=found, lines=tuple(_difference_lines(found))), as_json=json, quiet=quiet)


def verify(
    bundle: BundleArgument,
    *,
    recompute: RecomputeOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Verify a bundle offline, as `arf verify` does. Exit 2 if it does not verify, or is no bundle."""
    from arf_core.bundle.recompute import recomputed
    from arf_core.plain import plain
    from arf_core.verify.bundles import verify_bundle

    data = read_input(bundle)
    report = verify_bundle(data, name=bundle)
    report = recomputed(data, report) if recompute else report
    code = SUCCESS if report.ok else VERIFICATION_FAILED
    emit(Answer(data=plain(report), lines=tuple(report_lines(report)), exit_code=code), as_json=json, quiet=quiet)


def _opened(source: str) -> Bundle:
    from arf_core.errors import VerificationError
    from arf_core.verify.bundles import read_bundle

    try:
        return read_bundle(read_input(source))
    except VerificationError as error:
        raise VerificationError(f"{source} does not verify: {error}") from error


def _summary_lines(name: str, found: Mapping[str, Any]) -> Iterator[str]:
    made = found["created_from"]
    yield heading(f"{printable(name)}: a {found['mode']} bundle, made by arf-core {printable(found['made_by'])}")
    yield f"  {found['digest']}"
    if found["note"] is not None:
        yield f"  note: {printable(found['note'])}"
    for number, one in enumerate(made["inputs"], start=1):
        counts = ", ".join(f"{one[kind]} {kind}" for kind in ("events", "incidents", "windows", "faults") if one[kind])
        times = "" if one["first_at"] is None else f", {one['first_at']} to {one['last_at']}"
        yield f"  input {number}: {one['size']} bytes, {counts or 'no records'}{times}"
    yield f"  policies: {printable(made['policies']['file'])}; {made['memory']['count']} incidents remembered"
    for one in found["intents"]:
        yield f"  intent: {one['action']} {printable(one['component'])}  {one['intent_id']}"
    yield from (f"  file: {entry} ({size} bytes)" for entry, size in found["entries"].items())


def _difference_lines(found: Mapping[str, Any]) -> Iterator[str]:
    if found["same"]:
        yield f"the same, byte for byte: {found['digests'][0]}"
        return
    yield f"different files: {', '.join(found['entries'])}"
    for one in found["settings"]:
        yield f"  setting {printable(one['name'])}: {printable(str(one['first']))} → {printable(str(one['second']))}"
    for one in found["intents"]:
        yield f"  {one['what']}: {one.get('action', '')} {printable(one.get('component', ''))}".rstrip(" :")
    if not found["intents"]:
        yield "  the same recommendations"
