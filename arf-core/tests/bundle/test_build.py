# SPDX-License-Identifier: Apache-2.0
"""A bundle has all that advice rests on, the same bytes every time, and in reference mode no value at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from arf_core.bundle import build as build_module
from arf_core.bundle.build import build
from arf_core.bundle.recipe import Policies, Recipe, Source, cook
from arf_core.canonical import file_digest
from arf_core.errors import FormatError, PolicyError, SettingsError, TooLargeError
from arf_core.ingest.formats import Format
from arf_core.models.healing_intent import HealingIntent
from arf_core.verify.archive import read_archive
from arf_core.verify.bundles import read_bundle, verify_bundle
from arf_core.verify.receipt import write as receipt_of

NO_TIME = json.dumps({"id": "i", "alerts": [{"component": "c", "metric": "cpu_usage", "direction": "up"}]}).encode()

AGAIN = """
import sys
from arf_core.bundle.build import build
from arf_core.bundle.recipe import Recipe, Source
sys.stdout.buffer.write(build(Recipe(sources=(Source(data=sys.stdin.buffer.read()),))))
"""


def entries_of(recipe: Recipe, *, reference: bool = False) -> Mapping[str, bytes]:
    return read_archive(build(recipe, reference=reference)).entries


@pytest.mark.promise("CLI-5")
def test_a_bundle_has_all_that_its_intents_rest_on(recipe: Recipe) -> None:
    entries = entries_of(recipe)
    assert list(entries) == [
        "analysis.json", "environment.json", "events/1", "events/2", "intents.jsonl", "manifest.json",
        "memory.jsonl", "policies.yaml", "settings.json", "topology.json",
    ]  # fmt: skip
    assert entries["events/1"] == recipe.sources[0].data
    intents = [HealingIntent.from_json(line) for line in entries["intents.jsonl"].splitlines()]
    assert {intent.component for intent in intents} >= {"api", "cart"}
    assert json.loads(entries["settings.json"])["settings"]["latency_critical"] == 450
    assert json.loads(entries["topology.json"])["edges"] == [["front", "cart"]]
    assert entries["policies.yaml"].decode() == Policies.defaults().text
    assert json.loads(entries["memory.jsonl"])["incident_id"] == "past"


@pytest.mark.promise("CLI-5")
def test_the_manifest_says_what_the_bundle_was_made_from(recipe: Recipe) -> None:
    made = read_bundle(build(recipe)).created_from
    assert [(one.events, one.windows, one.faults) for one in made.inputs] == [(40, 0, 0), (0, 1, 0)]
    assert made.inputs[0].sha256 == file_digest(recipe.sources[0].data)
    assert made.inputs[0].first_at == datetime(2026, 1, 2, 3, 0, 5, tzinfo=UTC)
    assert made.inputs[0].last_at == datetime(2026, 1, 2, 3, 39, 5, tzinfo=UTC)
    assert (made.memory_count, made.own_policies, made.adaptive) == (1, False, True)


@pytest.mark.promise("CLI-5")
def test_the_same_recipe_gives_the_same_bytes(recipe: Recipe) -> None:
    assert build(recipe) == build(recipe)
    assert build(recipe, reference=True) == build(recipe, reference=True)


@pytest.mark.promise("CLI-5")
def test_neither_the_machine_nor_its_clock_nor_the_order_of_hashes_enters() -> None:
    data = NO_TIME.replace(b'"id"', b'"occurred_at": "2026-01-02T03:04:05Z", "id"')
    here = build(Recipe(sources=(Source(data=data),)))
    for seed, zone, language in (("0", "Asia/Tokyo", "C"), ("4711", "America/Lima", "tr_TR.UTF-8")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LANG": language, "LC_ALL": language}
        there = subprocess.run(
            [sys.executable, "-c", AGAIN], input=data, env=environment, capture_output=True, check=True
        ).stdout
        assert there == here


@pytest.mark.promise("CLI-5")
def test_nothing_of_the_machine_is_in_a_bundle(recipe: Recipe) -> None:
    text = build(replace(recipe, config=recipe.config.model_copy(update={"policy_file": "/home/ada/p.yaml"})))
    for trace in (b"/home", b"/root", b"/work", sys.version.split()[0].encode(), os.uname().nodename.encode()):
        assert trace not in text


def test_a_record_without_a_time_needs_the_recipe_to_say_it() -> None:
    silent = Recipe(sources=(Source(data=NO_TIME),))
    with pytest.raises(SettingsError, match="input 1 has records that say no time: say it with --now"):
        build(silent)
    tokyo = datetime(2026, 1, 2, 12, 4, 5, tzinfo=timezone(timedelta(hours=9)))
    utc = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert build(replace(silent, now=tokyo)) == build(replace(silent, now=utc))
    assert read_bundle(build(replace(silent, now=utc))).created_from.now == utc


def test_what_cannot_be_read_makes_no_bundle(recipe: Recipe) -> None:
    with pytest.raises(FormatError, match="no record that could be read: line 1"):
        build(Recipe(sources=(Source(data=b'{"component": "db", "timestamp": "never"}\n' * 2, form=Format.JSONL),)))
    with pytest.raises(FormatError):
        build(replace(recipe, sources=(Source(data=b""),)))
    with pytest.raises(PolicyError, match=r"mine\.yaml:1:1"):
        build(replace(recipe, policies=Policies(text="- a list\n", file="mine.yaml")))


def test_a_bad_record_does_not_lose_the_others(recipe: Recipe) -> None:
    data = recipe.sources[0].data + b'{"component": "db", "timestamp": "never"}\n'
    made = read_bundle(build(Recipe(sources=(Source(data=data),))))
    assert (made.created_from.inputs[0].events, made.created_from.inputs[0].faults) == (40, 1)
    assert made.intents


def test_calls_that_stand_twice_are_one(recipe: Recipe) -> None:
    twice = replace(recipe, edges=recipe.edges * 2)
    assert build(twice) == build(recipe)


def test_a_bundle_that_could_not_be_verified_is_not_made(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_module, "MAX_BYTES", 1000)
    with pytest.raises(TooLargeError, match="at most 1000 bytes"):
        build(recipe)


@pytest.mark.promise("CLI-5")
def test_a_reference_bundle_has_no_value_of_the_telemetry(recipe: Recipe) -> None:
    data = build(recipe, reference=True)
    assert verify_bundle(data, name="it").ok
    full = build(recipe)
    for value in (b"873.125", b"900.5"):
        assert value in full
        assert value not in data
    entries = entries_of(recipe, reference=True)
    assert list(entries) == [
        "analysis.json", "environment.json", "manifest.json", "policies.yaml", "receipts.txt", "settings.json",
        "topology.json",
    ]  # fmt: skip
    analysis = json.loads(entries["analysis.json"], parse_float=str)
    assert set(numbers_in(analysis)) <= {"read", "normal", "notes", "matches", "line"}


def numbers_in(value: object, name: str = "") -> Iterator[str]:
    """The keys under which there is a number."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from numbers_in(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from numbers_in(inner, name)
    elif isinstance(value, int) or (isinstance(value, str) and value.replace(".", "", 1).isdigit()):
        yield name


@pytest.mark.promise("CLI-5")
def test_a_reference_bundle_names_the_same_events_and_intents(recipe: Recipe) -> None:
    full, reference = build(recipe), build(recipe, reference=True)
    assert read_bundle(full).created_from == read_bundle(reference).created_from
    assert read_bundle(full).intents == read_bundle(reference).intents
    intents = [intent for one in cook(recipe).analysis.answered for intent in one.advice.intents]
    receipts = entries_of(recipe, reference=True)["receipts.txt"].decode().splitlines()
    assert receipts == [receipt_of(intent) for intent in intents]


def test_numbers_that_are_not_sealed_are_rounded_and_sealed_ones_are_not() -> None:
    document = {"score": 0.123456789, "big": 1234567.1234567, "tiny": 1.23456789e-9, "intents": [{"x": 0.123456789}]}
    assert build_module.rounded_document({"advice": [document]}) == {
        "advice": [{"score": 0.123457, "big": 1234567.123457, "tiny": 1.23457e-9, "intents": [{"x": 0.123456789}]}]
    }
