# SPDX-License-Identifier: Apache-2.0
"""Runs the analysis of a bundle again, from its own events, policies, settings, calls and memory, and compares.

1. Only what stands in the bundle is used: no settings, policies or memory of this machine, and no clock.
2. The intents must be the same bytes; so must the rest of the analysis, after rounding (``bundle.build``).
3. Where another version of ARF made the bundle, that is said: a difference may be progress, and is a difference still.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from arf_core.bundle.build import analysis_bytes, intent_lines
from arf_core.bundle.recipe import UNSAID, Policies, Recipe, Source, cook
from arf_core.canonical import file_digest
from arf_core.config.oss_config import OSSConfig
from arf_core.errors import BadPlace, BrokenError, FormatError, InputError
from arf_core.ingest.formats import Format
from arf_core.ingest.incidents import SCHEMA as INCIDENT
from arf_core.ingest.incidents import read_incident
from arf_core.ingest.windows import Edges, read_edges
from arf_core.models.incident import Incident
from arf_core.strict_json import parse_json
from arf_core.verify import bundle_form as form
from arf_core.verify.bundles import Bundle, read_bundle
from arf_core.verify.report import Report
from arf_core.verify.steps import Steps, broken_if
from arf_core.version import __version__


def recomputed(data: bytes, report: Report) -> Report:
    """``report``, which is on the bundle ``data``, with what running it again showed; a bad report stays as it is.

    Raises:
        InputError: it is a reference bundle.
    """
    if not report.ok or report.kind != "bundle":
        return report
    bundle, steps = read_bundle(data), Steps(checks=list(report.checks))
    _check_full(bundle)
    try:
        with steps.step("running it again gives the same intents and the same analysis"):
            broken_if(_differs(bundle))
    except BrokenError as error:
        return steps.failed(report.kind, report.name, error.place, count=report.count)
    return Report(
        kind=report.kind,
        name=report.name,
        checks=tuple(steps.checks),
        count=report.count,
        proven=(*report.proven, _SAME),
        not_proven=(*(fact for fact in report.not_proven if "--recompute" not in fact), _REAL),
    )


def recipe_of(bundle: Bundle) -> Recipe:
    """The recipe that ``bundle`` was made from.

    Raises:
        InputError: it is a reference bundle, which has no events, or a part of it cannot be read.
    """
    _check_full(bundle)
    made, entries = bundle.created_from, bundle.entries
    sources = tuple(
        Source(data=entries[f"{form.EVENTS}{number}"], form=_format(one.form))
        for number, one in enumerate(made.inputs, start=1)
    )
    return Recipe(
        sources=sources,
        now=made.now,
        policies=Policies(text=_text(entries[form.POLICIES_ENTRY]), file=made.policy_file, own=made.own_policies),
        config=OSSConfig(**_settings(entries[form.SETTINGS_ENTRY])),
        memory=_memory(entries[form.MEMORY_ENTRY]),
        edges=_edges(entries[form.TOPOLOGY_ENTRY]),
        adaptive=made.adaptive,
        note=bundle.note,
    )


def maker(bundle: Bundle) -> str:
    """The version of arf-core that made ``bundle``, as the bundle says."""
    environment = parse_json(bundle.entries[form.ENVIRONMENT_ENTRY], what=form.ENVIRONMENT_ENTRY)
    version = environment.get("arf_core") if isinstance(environment, Mapping) else None
    return version if isinstance(version, str) and len(version) <= 40 else "of an unknown version"


def _check_full(bundle: Bundle) -> None:
    if not bundle.is_full:
        raise InputError("a reference bundle has no events, so it cannot be run again: take the full bundle")


def _differs(bundle: Bundle) -> BadPlace | None:
    """Where running ``bundle`` again gives something else."""
    cooked = cook(recipe_of(bundle))
    again = {  # rule 2
        form.INTENTS_ENTRY: intent_lines(cooked.analysis),
        form.ANALYSIS_ENTRY: analysis_bytes(cooked.analysis),
    }
    for name, content in again.items():
        if content != bundle.entries[name]:
            what = f"running it again gives something else{_first_line(bundle.entries[name], content)}{_maker(bundle)}"
            stated, computed = file_digest(bundle.entries[name]), file_digest(content)
            return BadPlace(where=name, what=what, stated=stated, computed=computed)
    return None


def _first_line(stated: bytes, computed: bytes) -> str:
    lines, again = stated.splitlines(), computed.splitlines()
    if len(lines) == len(again) == 1:
        return ""
    if len(lines) != len(again):
        return f", {len(again)} lines for {len(lines)}"
    return (
        f", first at line {next(n for n, pair in enumerate(zip(lines, again, strict=True), 1) if pair[0] != pair[1])}"
    )


def _maker(bundle: Bundle) -> str:
    made_by = maker(bundle)
    return "" if made_by == __version__ else f" (made by arf-core {made_by}, run again by {__version__})"  # rule 3


def _format(name: str) -> Format:
    try:
        return Format(name)
    except ValueError as error:
        raise FormatError(f"the format {name!r} of an input is not one that this version reads") from error


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(f"{form.POLICIES_ENTRY} is not UTF-8: offset {error.start}") from error


def _settings(data: bytes) -> dict[str, object]:
    value = parse_json(data, what=form.SETTINGS_ENTRY)
    settings = value.get("settings") if isinstance(value, Mapping) else None
    if not isinstance(settings, dict) or "policy_file" in settings:
        raise FormatError(f"{form.SETTINGS_ENTRY} has no settings, or names a policy file")
    return settings


def _memory(data: bytes) -> tuple[Incident, ...]:
    """The incidents, one a line: all of them, or an error."""
    lines = [line for line in data.split(b"\n") if line]
    values = [parse_json(line, what=f"line {number} of {form.MEMORY_ENTRY}") for number, line in enumerate(lines, 1)]
    if not all(isinstance(value, Mapping) and value.get("schema") == INCIDENT for value in values):
        raise FormatError(f"{form.MEMORY_ENTRY} must have one object of the schema {INCIDENT} a line")
    return tuple(read_incident(value, default_time=UNSAID) for value in values if isinstance(value, Mapping))


def _edges(data: bytes) -> Edges:
    value = parse_json(data, what=form.TOPOLOGY_ENTRY)
    return read_edges(value.get("edges") if isinstance(value, Mapping) else None)


_SAME: Final = "these events, policies, settings, calls and memory give exactly these intents, by this version of ARF"
_REAL: Final = "that the events are those that happened: whoever makes a bundle chooses them"
