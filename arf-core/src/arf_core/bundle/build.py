# SPDX-License-Identifier: Apache-2.0
"""Makes a bundle from a recipe: the same recipe and version give the same bytes, on every machine and Python.

1. Nothing of the machine enters: no path, host, user or clock, and no order of a set.
2. Numbers that are not sealed are rounded to six digits, because the last bits of a vector product depend on the
   processor; sealed intents are as they are.
3. A reference bundle has no value of the telemetry (``bundle.reference``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from arf_core import constants
from arf_core.analysis import Analysis, analysis_document
from arf_core.bundle.recipe import Cooked, Recipe, Source, cook, times_of
from arf_core.bundle.reference import reference_document
from arf_core.canonical import canonical_bytes, file_digest, in_utc
from arf_core.config.oss_config import OSSConfig
from arf_core.errors import TooLargeError
from arf_core.ingest.incidents import write_incident
from arf_core.ingest.windows import Edges
from arf_core.models.healing_intent import SCHEMA as INTENT_SCHEMA
from arf_core.models.healing_intent import HealingIntent
from arf_core.models.incident import Incident
from arf_core.policy.rules import SCHEMA as POLICY_SCHEMA
from arf_core.verify import bundle_form as form
from arf_core.verify.archive_form import MAX_BYTES, write_archive
from arf_core.verify.entry_names import MANIFEST
from arf_core.verify.fields import MAX_VALUES, has_too_many_values
from arf_core.verify.manifest import sealed
from arf_core.verify.receipt import write as receipt_of
from arf_core.version import __version__

if TYPE_CHECKING:
    from arf_core.ingest.batch import Batch

DIGITS: Final = 6


def build(recipe: Recipe, *, reference: bool = False, cooked: Cooked | None = None) -> bytes:
    """The bundle of ``recipe``, as the bytes of its file; ``cooked`` is what came of it, if that is known already.

    Raises:
        InputError: as ``recipe.cook``.
        TooLargeError: the bundle would be larger than can be verified.
    """
    cooked = cooked or cook(recipe)
    entries = _reference(recipe, cooked) if reference else _full(recipe, cooked)
    mode = form.REFERENCE if reference else form.FULL
    fields = {"mode": mode, "note": recipe.note, "created_from": created_from(recipe, cooked).document()}
    archive = write_archive({**entries, MANIFEST: sealed(form.SCHEMA, fields, entries)})
    if len(archive) > MAX_BYTES or has_too_many_values(entries[form.ANALYSIS_ENTRY]):
        limits = f"at most {MAX_BYTES} bytes and an analysis of {MAX_VALUES} values"
        raise TooLargeError(f"the bundle would have {len(archive)} bytes: {limits} are verified, split the input")
    return archive


def created_from(recipe: Recipe, cooked: Cooked) -> form.CreatedFrom:
    """What the manifest says of the recipe."""
    return form.CreatedFrom(
        inputs=tuple(_input(source, batch) for source, batch in zip(recipe.sources, cooked.batches, strict=True)),
        now=None if recipe.now is None else in_utc(recipe.now),
        adaptive=recipe.adaptive,
        policy_file=recipe.policies.file,
        own_policies=recipe.policies.own,
        memory_count=len(recipe.memory),
        memory_sha256=file_digest(memory_lines(recipe.memory)),
    )


def intents_of(analysis: Analysis) -> tuple[HealingIntent, ...]:
    """The sealed intents, in order."""
    return tuple(intent for answered in analysis.answered for intent in answered.advice.intents)


def intent_lines(analysis: Analysis) -> bytes:
    """The sealed intents, one a line."""
    return "".join(f"{intent.to_json()}\n" for intent in intents_of(analysis)).encode()


def analysis_bytes(analysis: Analysis) -> bytes:
    """The analysis as canonical JSON, what is not sealed rounded (rule 2)."""
    return _json({**rounded_document(analysis_document(analysis)), "schema": form.ANALYSIS})


def rounded_document(document: Mapping[str, object]) -> dict[str, object]:
    """``document`` with its numbers rounded, all but those inside intents (rule 2)."""
    return {name: value if name == "intents" else _rounded(value) for name, value in document.items()}


def memory_lines(memory: Iterable[Incident]) -> bytes:
    """The incidents, one a line, in canonical JSON."""
    return b"".join(_json(write_incident(incident)) for incident in memory)


def settings_bytes(config: OSSConfig) -> bytes:
    """The settings; the path of a policy file is left out, its text is an entry of its own (rule 1)."""
    return _json({"schema": form.SETTINGS, "settings": config.model_dump(exclude={"policy_file"})})


def topology_bytes(edges: Edges) -> bytes:
    """The known calls."""
    return _json({"schema": form.TOPOLOGY, "edges": [list(edge) for edge in edges]})


def environment_bytes() -> bytes:
    """What made the bundle: ARF's version, the schemas it writes, its sealed limits. Nothing of the machine."""
    schemas = {"intent": INTENT_SCHEMA, "policies": POLICY_SCHEMA, "analysis": form.ANALYSIS, "bundle": form.SCHEMA}
    versions = {"arf_core": __version__, "limits_digest": constants.LIMITS_DIGEST, "schemas": schemas}
    return _json({"schema": form.ENVIRONMENT, **versions})


def _full(recipe: Recipe, cooked: Cooked) -> dict[str, bytes]:
    events = {f"{form.EVENTS}{number}": source.data for number, source in enumerate(recipe.sources, start=1)}
    return {
        **events,
        **_always(recipe),
        form.ANALYSIS_ENTRY: analysis_bytes(cooked.analysis),
        form.INTENTS_ENTRY: intent_lines(cooked.analysis),
        form.MEMORY_ENTRY: memory_lines(recipe.memory),
    }


def _reference(recipe: Recipe, cooked: Cooked) -> dict[str, bytes]:
    receipts = "".join(f"{receipt_of(intent)}\n" for intent in intents_of(cooked.analysis))
    return {
        **_always(recipe),
        form.ANALYSIS_ENTRY: _json(reference_document(cooked.analysis)),
        form.RECEIPTS_ENTRY: receipts.encode("ascii"),
    }


def _always(recipe: Recipe) -> dict[str, bytes]:
    return {
        form.ENVIRONMENT_ENTRY: environment_bytes(),
        form.POLICIES_ENTRY: recipe.policies.text.encode(),
        form.SETTINGS_ENTRY: settings_bytes(recipe.config),
        form.TOPOLOGY_ENTRY: topology_bytes(recipe.edges),
    }


def _input(source: Source, batch: Batch) -> form.Input:
    times: list[datetime] = sorted(times_of(batch))
    return form.Input(
        size=len(source.data),
        sha256=file_digest(source.data),
        form=source.form.value,
        events=len(batch.events),
        incidents=len(batch.incidents),
        windows=len(batch.windows),
        faults=len(batch.faults),
        first_at=in_utc(times[0]) if times else None,
        last_at=in_utc(times[-1]) if times else None,
    )


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, DIGITS) if abs(value) >= 1 else float(f"{value:.{DIGITS}g}")
    if isinstance(value, Mapping):
        return rounded_document(value)
    if isinstance(value, (list, tuple)):
        return [_rounded(item) for item in value]
    return value


def _json(value: Mapping[str, object]) -> bytes:
    return canonical_bytes(value) + b"\n"
