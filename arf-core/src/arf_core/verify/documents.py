# SPDX-License-Identifier: Apache-2.0
"""Verifies the documents that ``arf analyze --json`` and ``arf export`` print.

1. The document is strict JSON with the keys of its schema and no others.
2. Every intent in an analysis verifies by itself, and one id has one digest (``verify.sealed``).
3. An export has as many things in ``content`` as ``count`` says, and its ``digest`` recomputes in the domain of its
   schema: so both sides of a move can compare what they hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Final

from arf_core.canonical import digest
from arf_core.errors import BadPlace, BrokenError, FormatError
from arf_core.models.advice import Advice
from arf_core.models.frozen import shown
from arf_core.models.healing_intent import HealingIntent
from arf_core.verify.fields import digest_of, list_of, object_of, read_json, size_of
from arf_core.verify.report import Report
from arf_core.verify.sealed import CONTENT, ORIGIN, Sealed, about, conflict_in, held_against, intents_among
from arf_core.verify.steps import Steps, broken_if

ANALYSIS: Final = "arf.analysis/1"
EXPORT: Final = "arf.export/1"
ANALYSIS_KEYS: Final = ("schema", "read", "normal", "advice", "closed", "faults", "notes")
EXPORT_KEYS: Final = ("schema", "kind", "count", "digest", "content")
EXPORT_KINDS: Final = ("incidents", "config")
MOST: Final = 10_000_000


def verify_analysis(data: bytes, *, name: str, against: HealingIntent | None) -> Report:
    """The report on the analysis in ``data``."""
    steps = Steps()
    try:
        with steps.step("the analysis has its form"):  # rule 1
            sealed = intents_in(read_analysis(data, what="the analysis"))
        check_sealed(steps, sealed, against)
    except BrokenError as error:
        return steps.failed("analysis", name, error.place)
    return Report(
        kind="analysis",
        name=name,
        checks=tuple(steps.checks),
        count=len(sealed),
        proven=(*(CONTENT if sealed else ()), *about(against)),
        not_proven=(
            *(ORIGIN if sealed else ()),
            "that it follows from any telemetry, or that nothing was taken out: a bundle can show that",
            "what stands beside its intents: anomalies, causes and matches carry no digest",
        ),
    )


def verify_export(data: bytes, *, name: str) -> Report:
    """The report on the export in ``data``."""
    steps = Steps()
    try:
        with steps.step("the export has its form"):  # rule 1
            export = object_of(read_json(data, what="the export"), what="the export", keys=EXPORT_KEYS)
            content = _content(export)
        with steps.step("its count and digest recompute", f"{len(content)} things"):  # rule 3
            broken_if(_recounted(export, content))
    except BrokenError as error:
        return steps.failed("export", name, error.place)
    return Report(
        kind="export",
        name=name,
        checks=tuple(steps.checks),
        count=len(content),
        proven=(f"its {len(content)} {export['kind']} are those that {export['digest']} was computed from",),
        not_proven=("who made it: it carries no signature; compare the digest with the one that was printed",),
    )


def read_analysis(data: bytes, *, what: str) -> Mapping[str, object]:
    """The analysis in ``data``: every advice in it has the fields of an advice, and ``intents`` is a list.

    Raises:
        FormatError: it is not in the form; ``what`` names it in the message.
    """
    found = object_of(read_json(data, what=what), what=what, keys=ANALYSIS_KEYS)
    if found["schema"] != ANALYSIS:
        raise FormatError(f"the schema of {what} is {shown(found['schema'])}: this version reads {ANALYSIS!r}")
    for number, item in enumerate(list_of(found["advice"], what=f"advice of {what}", most=MOST)):
        advice = object_of(item, what=f"advice[{number}] of {what}", keys=_ADVICE)
        list_of(advice["intents"], what=f"the intents of advice[{number}] of {what}", most=MOST)
    return found


def intents_in(analysis: Mapping[str, object]) -> Sealed:
    """The intents of every advice, in order."""
    return intents_among(_intents(analysis))


def check_sealed(steps: Steps, sealed: Sealed, against: HealingIntent | None = None) -> None:
    """Take the steps that intents and receipts are verified by.

    Raises:
        BrokenError: one does not verify.
    """
    with steps.step("every intent verifies, and one id has one digest", f"{len(sealed.sound)} of {len(sealed)}"):
        broken_if(next(iter(sealed.bad), None) or conflict_in(sealed)[0])  # rule 2
    if against is not None:
        with steps.step(f"it is about {against.intent_id}", against.digest):
            if not sealed:
                raise BrokenError(BadPlace(where="", what="it has no intent at all"))
            broken_if(held_against(sealed, against))


def _intents(analysis: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    advice = analysis["advice"]
    for number, item in enumerate(advice if isinstance(advice, list) else []):
        for place, intent in enumerate(item["intents"]):
            yield f"advice[{number}].intents[{place}]", intent


def _content(export: Mapping[str, object]) -> list[object]:
    if export["schema"] != EXPORT:
        raise FormatError(f"the schema of the export is {shown(export['schema'])}: this version reads {EXPORT!r}")
    if export["kind"] not in EXPORT_KINDS:
        raise FormatError(f"the kind of the export is {shown(export['kind'])}: it is one of {', '.join(EXPORT_KINDS)}")
    size_of(export["count"], what="the count of the export")
    digest_of(export["digest"], what="the digest of the export")
    return list_of(export["content"], what="the content of the export", most=MOST)


def _recounted(export: Mapping[str, object], content: list[object]) -> BadPlace | None:
    computed = digest(EXPORT, content)
    if computed != export["digest"]:
        what = "it was altered: its digest does not recompute"
        return BadPlace(where="content", what=what, stated=str(export["digest"]), computed=computed)
    if len(content) != export["count"]:
        return BadPlace(where="count", what=f"it has {len(content)} things, and states {export['count']}")
    return None


_ADVICE: Final = tuple(field.name for field in fields(Advice))
