# SPDX-License-Identifier: Apache-2.0
"""What ``arf analyze --json`` and ``arf export`` print verifies, and an alteration is named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from arf_core.advisor import Advisor
from arf_core.analysis import analysis_document, analyze
from arf_core.config.oss_config import OSSConfig
from arf_core.errors import BadPlace
from arf_core.export import export_config, export_incidents
from arf_core.ingest.batch import Batch
from arf_core.models.healing_intent import HealingIntent
from arf_core.testing import made_event, made_incident, made_window
from arf_core.verify.artifact import verify_bytes
from arf_core.verify.recognition import recognise
from arf_core.verify.report import Report

ANALYSIS: dict[str, Any] = json.loads(
    json.dumps(analysis_document(analyze(Batch(events=(made_event(),), windows=(made_window(),)), Advisor())))
)
INTENTS = [intent for advice in ANALYSIS["advice"] for intent in advice["intents"]]
EXPORT: dict[str, Any] = export_incidents([made_incident("a"), made_incident("b", fault_type="cpu")])


def verified(document: object, **options: Any) -> Report:
    return verify_bytes(json.dumps(document).encode(), name="it", **options)


def bad(report: Report) -> BadPlace:
    assert not report.ok
    assert report.proven == ()
    assert report.first_bad is not None
    return report.first_bad


def copied(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**json.loads(json.dumps(document)), **changes}


@pytest.mark.promise("VER-1")
@pytest.mark.parametrize("indent", [None, 2])
def test_an_analysis_verifies_however_it_is_printed(indent: int | None) -> None:
    report = verify_bytes(json.dumps(ANALYSIS, indent=indent).encode(), name="it")
    assert report.ok
    assert (report.kind, report.count) == ("analysis", len(INTENTS))
    assert any("no digest" in fact for fact in report.not_proven)


@pytest.mark.promise("VER-2")
def test_an_altered_intent_in_an_analysis_is_named() -> None:
    altered = copied(ANALYSIS)
    altered["advice"][0]["intents"][1]["confidence"] = 1
    found = bad(verified(altered))
    assert found.where == "advice[0].intents[1]"
    assert found.stated == ANALYSIS["advice"][0]["intents"][1]["digest"]


@pytest.mark.promise("VER-2")
def test_an_analysis_is_held_against_an_intent() -> None:
    intent = HealingIntent.from_dict(INTENTS[0])
    assert verified(ANALYSIS, against=intent).ok
    without = copied(ANALYSIS, advice=ANALYSIS["advice"][1:])
    assert "it is not about" in bad(verified(without, against=intent)).what
    assert "no intent at all" in bad(verified(copied(ANALYSIS, advice=[]), against=intent)).what


@pytest.mark.promise("VER-3")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"schema": "arf.analysis/2"}, "this version reads"),
        ({"verified": True}, "unknown key 'verified'"),
        ({"advice": {}}, "must be a list"),
        ({"advice": [{}]}, "lacks"),
        ({"advice": [1]}, "must be an object"),
        ({"advice": [{**ANALYSIS["advice"][0], "intents": {}}]}, "must be a list"),
        ({"advice": [{**ANALYSIS["advice"][0], "state": "done"}]}, "unknown key 'state'"),
    ],
)
def test_an_analysis_that_breaks_its_form_is_refused(changes: dict[str, Any], reason: str) -> None:
    assert reason in bad(verified(copied(ANALYSIS, **changes))).what


@pytest.mark.promise("VER-1")
@pytest.mark.parametrize("export", [EXPORT, export_config(OSSConfig(cpu_warning=0.5)), export_incidents([])])
def test_an_export_verifies(export: dict[str, Any]) -> None:
    report = verified(export)
    assert report.ok
    assert (report.kind, report.count) == ("export", export["count"])
    assert any(export["digest"] in fact for fact in report.proven)
    assert any("who made it" in fact for fact in report.not_proven)


@pytest.mark.promise("VER-2")
def test_an_altered_export_is_named_with_both_digests() -> None:
    altered = copied(EXPORT)
    altered["content"][0]["action"] = "rollback"
    found = bad(verified(altered))
    assert (found.where, found.stated) == ("content", EXPORT["digest"])
    assert found.computed not in (None, EXPORT["digest"])
    cut = copied(EXPORT, content=EXPORT["content"][:1])
    assert bad(verified(cut)).where == "content"
    assert bad(verified(copied(EXPORT, count=3))).what == "it has 2 things, and states 3"


@pytest.mark.promise("VER-3")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"schema": "arf.export/2"}, "this version reads"),
        ({"count": True}, "the count of the export"),
        ({"digest": "x"}, "the digest of the export"),
        ({"content": {}}, "must be a list"),
        ({"kind": 1}, "the kind of the export"),
        ({"signature": "x"}, "unknown key"),
    ],
)
def test_an_export_that_breaks_its_form_is_refused(changes: dict[str, Any], reason: str) -> None:
    assert reason in bad(verified(copied(EXPORT, **changes))).what


@pytest.mark.promise("VER-2")
@pytest.mark.parametrize("document", [ANALYSIS, EXPORT, INTENTS[0], INTENTS])
def test_where_keys_are_given_what_carries_no_signature_fails(document: object, signer: Any) -> None:
    """Gait's mistake: with a public key given, an unsigned artifact passed."""
    assert "so a signature is due" in bad(verified(document, trusted=signer.trusted())).what
    assert verified(document).ok


def test_an_export_is_not_about_an_intent() -> None:
    assert "cannot be held against" in bad(verified(EXPORT, against=HealingIntent.from_dict(INTENTS[0]))).what


def test_a_document_is_recognised_by_its_own_schema() -> None:
    assert recognise(json.dumps({"advice": [], **EXPORT}).encode()) == "export"
    inner = {"content": [ANALYSIS], **{key: value for key, value in EXPORT.items() if key != "content"}}
    assert recognise(json.dumps(inner).encode()) == "export"
    told = json.dumps({**INTENTS[0], "justification": '"schema": "arf.export/1"'})
    assert recognise(told.encode()) == "intent"
    nested = json.dumps({**INTENTS[0], "evidence": {"schema": "arf.export/1"}})
    assert recognise(nested.encode()) == "intent"
    assert recognise(json.dumps(ANALYSIS)[:-1].encode()) == "analysis"
