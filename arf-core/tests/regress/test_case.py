# SPDX-License-Identifier: Apache-2.0
"""A recorded incident is asked again: the same, changed, or broken, and nothing in between."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from arf_core.bundle import recipe as recipe_module
from arf_core.bundle.build import build
from arf_core.bundle.recipe import Policies, Recipe, Source
from arf_core.errors import FormatError, InputError
from arf_core.regress.case import Expectation, expectation_of, read_expectation, run_case
from arf_core.verify.bundles import read_bundle

READING = b'{"component": "api", "timestamp": "2026-01-02T03:04:05Z", "latency_p99": 900}\n'
RECIPE = Recipe(sources=(Source(data=READING),))
BUNDLE = build(RECIPE)
OWN = """schema: arf.healing-policies/1
policies:
  - {name: tell, when: latency_p99 > 1, actions: [alert_team], priority: 1, cooldown_s: 1, max_per_hour: 60}
"""


def expected(bundle: bytes = BUNDLE, *, tolerance: float | None = None) -> Expectation:
    return expectation_of(read_bundle(bundle), name="slow", tolerance=tolerance)


def result(expectation: Expectation, bundle: bytes = BUNDLE) -> tuple[str, tuple[str, ...]]:
    found = run_case("slow", bundle, expectation.to_json().encode())
    return found.status, found.changes


@pytest.mark.promise("CLI-5")
def test_what_is_recorded_is_what_is_proposed() -> None:
    found = expected()
    assert [str(one) for one in found.intents][:1] == ["restart_container api"]
    assert read_expectation(found.to_json().encode(), what="it") == found
    assert result(found) == ("same", ())


@pytest.mark.promise("CLI-5")
def test_what_changed_is_named() -> None:
    first, second, *rest = expected().intents
    gone = replace(first, action="rollback")
    assert result(replace(expected(), intents=(gone, second, *rest))) == (
        "changed",
        ("no longer proposed: rollback api", "newly proposed: restart_container api"),
    )
    assert result(replace(expected(), intents=(first,)))[1][0].startswith("newly proposed: ")
    assert result(replace(expected(), intents=(second, first, *rest)))[1] == (
        f"in another order: from place 1 on {first}, {second}" + "".join(f", {one}" for one in rest),
    )


@pytest.mark.promise("CLI-5")
def test_confidence_counts_only_within_a_tolerance() -> None:
    first, *rest = expected().intents
    other = (replace(first, confidence=round(first.confidence - 0.1, 4)), *rest)
    assert result(replace(expected(), intents=other))[0] == "same"
    assert result(replace(expected(tolerance=0.1), intents=other))[0] == "same"
    status, changes = result(replace(expected(tolerance=0.09), intents=other))
    assert status == "changed"
    assert changes[0].startswith("confidence of restart_container api: ")


@pytest.mark.promise("CLI-5")
def test_a_case_of_the_defaults_is_run_with_the_present_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe_module.Policies, "defaults", lambda: Policies(text=OWN, file="defaults.yaml", own=False))
    assert result(expected(build(RECIPE))) == ("same", ())
    before = read_expectation(expected_before.encode(), what="it")
    status, changes = result(before)
    assert status == "changed"
    assert "no longer proposed: restart_container api" in changes


expected_before = expected().to_json()


def test_a_case_of_ones_own_policies_keeps_them() -> None:
    own = build(replace(RECIPE, policies=Policies(text=OWN, file="own.yaml")))
    assert [str(one) for one in expected(own).intents] == ["alert_team api"]
    assert result(expected(own), own) == ("same", ())


def test_an_incident_for_which_nothing_is_proposed_is_a_case_too() -> None:
    calm = build(Recipe(sources=(Source(data=READING.replace(b"900", b"20")),)))
    assert expected(calm).intents == ()
    assert result(expected(calm), calm) == ("same", ())


@pytest.mark.promise("CLI-5")
def test_a_case_that_cannot_be_run_is_broken_and_says_why() -> None:
    text = expected().to_json()
    other = build(replace(RECIPE, note="another"))
    for bundle, document, reason in (
        (b"", text, "no end"),
        (BUNDLE[:-1], text, "no end"),
        (other, text, "the bundle was replaced"),
        (BUNDLE, "", "not JSON"),
        (BUNDLE, text.replace('"slow"', '"fast"'), "of the case 'fast'"),
        (build(RECIPE, reference=True), text, "the bundle was replaced"),
    ):
        found = run_case("slow", bundle, document.encode())
        assert found.status == "broken"
        assert reason in found.changes[0]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"schema": "arf.regression/2"}, "schema"),
        ({"name": "../x"}, "the name of"),
        ({"bundle": "x"}, "the bundle of"),
        ({"confidence_tolerance": 2}, "from 0 to 1"),
        ({"confidence_tolerance": float("1e-320") * 0 - 1}, "from 0 to 1"),
        ({"intents": {}}, "must be a list"),
        ({"intents": [{"action": "rollback"}]}, "lacks"),
        ({"intents": [{"action": "", "component": "c", "confidence": 1}]}, "the action of"),
        ({"intents": [{"action": "a", "component": "c", "confidence": True}]}, "the confidence of"),
        ({"skip": True}, "unknown key"),
    ],
)
def test_an_expectation_that_breaks_its_form_is_refused(changes: dict[str, Any], reason: str) -> None:
    document = {**json.loads(expected().to_json()), **changes}
    with pytest.raises(FormatError, match=reason):
        read_expectation(json.dumps(document).encode(), what="it")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a b", ".hidden", "a" * 101, "ü"])
def test_a_name_is_one_folder(name: str) -> None:
    with pytest.raises(FormatError, match="the name of the case"):
        expectation_of(read_bundle(BUNDLE), name=name)


def test_a_reference_bundle_is_no_case() -> None:
    with pytest.raises(InputError, match="no events"):
        expected(build(RECIPE, reference=True))
