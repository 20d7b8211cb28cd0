# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What steps wrote down, read back as values: a run may be taken up days later, by another server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, cast

from arf_core.models.action import Action
from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions.adapter import Change, Observation, Vitals
from arf_enterprise.actions.probes import Answer
from arf_enterprise.execution.health import Reading
from arf_enterprise.governance.ruling import BlastRadius, Reason, Ruling, Rung
from arf_enterprise.targets.target import HealthPlan, Probe, Target, Way


def change_of(document: Mapping[str, object]) -> Change:
    """The change in the document that ``Change.document`` made."""
    known = cast("dict[str, object]", dict(document))
    before = cast("Mapping[str, object]", known["before"])
    inverse = known["inverse"]
    return Change(
        action=Action(str(known["action"])),
        adapter=str(known["adapter"]),
        before=observation_of(before),
        forward=FrozenMap(cast("Mapping[str, object]", known["forward"])),
        inverse=None if inverse is None else FrozenMap(cast("Mapping[str, object]", inverse)),
        summary=str(known["summary"]),
        undo_summary=cast("str | None", known["undo_summary"]),
        irreversible_because=cast("str | None", known["irreversible_because"]),
        instances=cast("int", known["instances"]),
        of_instances=cast("int", known["of_instances"]),
    )


def observation_of(document: Mapping[str, object]) -> Observation:
    """The observation in the document that ``Observation.document`` made."""
    return Observation(
        state=FrozenMap(cast("Mapping[str, object]", document["state"])),
        vitals=vitals_of(cast("Mapping[str, object]", document["vitals"])),
        version=cast("str | None", document["version"]),
    )


def vitals_of(document: Mapping[str, object]) -> Vitals:
    """The vitals in the document that ``Vitals.document`` made."""
    return Vitals(
        exists=cast("bool", document["exists"]),
        wanted=cast("int | None", document["wanted"]),
        ready=cast("int | None", document["ready"]),
        traffic=cast("float | None", document["traffic"]),
    )


def ruling_of(document: Mapping[str, object]) -> Ruling:
    """The ruling in the document that ``Ruling.document`` made."""
    reasons = cast("tuple[Mapping[str, str], ...]", document["reasons"])
    return Ruling(
        rung=Rung[str(document["rung"]).upper()],
        policy_digest=str(document["policy_digest"]),
        reasons=tuple(
            Reason(rung=Rung[one["rung"].upper()], rule=one["rule"], place=one["place"], says=one["says"])
            for one in reasons
        ),
        quorum=cast("int", document["quorum"]),
        expires_s=float(cast("float", document["expires_s"])),
        code=cast("str | None", document["code"]),
        facts=FrozenMap(cast("Mapping[str, object]", document["facts"])),
    )


def blast_of(document: Mapping[str, object]) -> BlastRadius:
    """The blast radius in the document that ``BlastRadius.document`` made."""
    return BlastRadius(
        instances=cast("int", document["instances"]),
        share=float(cast("float", document["share"])),
        dependents=tuple(cast("tuple[str, ...]", document["dependents"])),
    )


def reading_document(reading: Reading) -> dict[str, object]:
    """A health reading as JSON."""
    return {
        "at_s": reading.at_s,
        "answers": [
            {"probe": name, "ok": answer.ok, "value": answer.value, "says": answer.says}
            for name, answer in reading.answers
        ],
        "vitals": reading.vitals.document(),
    }


def reading_of(document: Mapping[str, object]) -> Reading:
    """The reading in the document that :func:`reading_document` made."""
    answers = cast("tuple[Mapping[str, object], ...]", document["answers"])
    return Reading(
        at_s=float(cast("float", document["at_s"])),
        answers=tuple(
            (
                str(one["probe"]),
                Answer(
                    ok=cast("bool | None", one["ok"]),
                    value=cast("float | None", one["value"]),
                    says=str(one["says"]),
                ),
            )
            for one in answers
        ),
        vitals=vitals_of(cast("Mapping[str, object]", document["vitals"])),
    )


def target_of(document: Mapping[str, object]) -> Target:
    """The target in the document that ``Target.document`` made."""
    ways = cast("tuple[Mapping[str, object], ...]", document["ways"])
    return Target(
        component=str(document["component"]),
        environment=str(document["environment"]),
        tier=cast("int", document["tier"]),
        owner=str(document["owner"]),
        kind=str(document["kind"]),
        depends_on=cast("tuple[str, ...]", document["depends_on"]),
        ways=tuple(_way(way) for way in ways),
        health=_plan(cast("Mapping[str, object]", document["health"])),
    )


def _way(document: Mapping[str, object]) -> Way:
    return Way(
        adapter=str(document["adapter"]),
        actions=frozenset(Action(name) for name in cast("tuple[str, ...]", document["actions"])),
        settings=FrozenMap(cast("Mapping[str, object]", document["settings"])),
        credentials=FrozenMap(cast("Mapping[str, object]", document["credentials"])),
    )


def _plan(document: Mapping[str, object]) -> HealthPlan:
    numbers = {name: float(cast("float", document[name])) for name in _NUMBERS}
    probes = cast("tuple[Mapping[str, object], ...]", document["probes"])
    return HealthPlan(**numbers, probes=tuple(_probe(probe) for probe in probes))


def _probe(document: Mapping[str, object]) -> Probe:
    return Probe(
        name=str(document["name"]),
        kind=cast('Literal["http", "prometheus", "adapter"]', document["kind"]),
        is_symptom=cast("bool", document["is_symptom"]),
        settings=FrozenMap(cast("Mapping[str, object]", document["settings"])),
    )


_NUMBERS: Final = ("window_s", "interval_s", "settle_s", "sustained_s", "traffic_floor")
