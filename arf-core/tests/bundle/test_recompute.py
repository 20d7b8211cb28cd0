# SPDX-License-Identifier: Apache-2.0
"""Bundles are verified, and run again. An attacker who mends every digest is caught by the second."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arf_core.bundle.build import build
from arf_core.bundle.recipe import Policies, Recipe, Source
from arf_core.bundle.recompute import maker, recipe_of, recomputed
from arf_core.canonical import canonical_bytes, file_digest
from arf_core.errors import BadPlace, InputError, VerificationError
from arf_core.models.healing_intent import HealingIntent
from arf_core.verify import fields
from arf_core.verify import sealed as sealed_module
from arf_core.verify.archive import read_archive
from arf_core.verify.archive_form import write_archive
from arf_core.verify.artifact import verify_bytes
from arf_core.verify.bundles import read_bundle, verify_bundle
from arf_core.verify.manifest import sealed
from arf_core.verify.report import Report

OWN = """schema: arf.healing-policies/1
policies:
  - name: tell
    when: latency_p99 > 1
    actions: [alert_team]
    priority: 1
    cooldown_s: 1
    max_per_hour: 60
"""


def bad(report: Report) -> BadPlace:
    assert not report.ok
    assert report.proven == ()
    assert report.first_bad is not None
    return report.first_bad


def run_again(data: bytes) -> Report:
    return recomputed(data, verify_bundle(data, name="it"))


def forged(data: bytes, changes: Mapping[str, bytes | None], **manifest: Any) -> bytes:
    """``data`` with other entries (None: taken out) and manifest fields, every digest mended by an able attacker."""
    entries = {
        name: content for name, content in {**read_archive(data).entries, **changes}.items() if content is not None
    }
    fields = {**json.loads(entries.pop("manifest.json")), **manifest}
    made = json.loads(entry(data, "manifest.json"))["created_from"]
    for number, one in enumerate(made["inputs"], start=1):
        if (events := entries.get(f"events/{number}")) is not None:
            one.update(sha256=file_digest(events), size=len(events))
    if "memory.jsonl" in entries:
        made["memory"]["sha256"] = file_digest(entries["memory.jsonl"])
    if "created_from" not in manifest:
        fields["created_from"] = made
    for name in ("schema", "entries", "digest"):
        del fields[name]
    return write_archive({**entries, "manifest.json": sealed(manifest.get("schema", "arf.bundle/1"), fields, entries)})


def entry(data: bytes, name: str) -> bytes:
    return read_archive(data).entries[name]


@pytest.mark.promise("VER-1")
def test_a_bundle_verifies_and_runs_again(recipe: Recipe) -> None:
    data = build(recipe)
    report = run_again(data)
    assert report.ok
    assert (report.kind, report.count) == ("bundle", len(read_bundle(data).intents))
    assert any("give exactly these intents" in fact for fact in report.proven)
    assert any("whoever makes a bundle chooses them" in fact for fact in report.not_proven)
    without = verify_bytes(data, name="it")
    assert any("--recompute" in fact for fact in without.not_proven)
    assert not any("exactly these intents" in fact for fact in without.proven)


@pytest.mark.promise("VER-1")
def test_a_recipe_survives_its_bundle(recipe: Recipe) -> None:
    own = dataclasses.replace(
        recipe,
        policies=Policies(text=OWN, file="own.yaml"),
        adaptive=False,
        now=datetime(2026, 5, 6, 7, 8, 9, 10, tzinfo=UTC),
    )
    for one in (recipe, own):
        again = recipe_of(read_bundle(build(one)))
        assert again == one
        assert build(again) == build(one)


@pytest.mark.promise("VER-2")
def test_an_altered_file_is_named_with_both_digests(recipe: Recipe) -> None:
    data = build(recipe)
    entries = dict(read_archive(data).entries)
    for name in sorted(set(entries) - {"manifest.json"}):
        place = bad(verify_bytes(write_archive({**entries, name: entries[name] + b"\n"}), name="it"))
        assert place.where == name
        assert place.stated == file_digest(entries[name])
        assert place.computed == file_digest(entries[name] + b"\n")


@pytest.mark.promise("VER-2")
def test_one_flipped_byte_is_named_with_both_digests_too(recipe: Recipe) -> None:
    data = build(recipe)
    place = data.index(b'"component":"cart"', data.index(b"intents.jsonl")) + 14
    found = bad(verify_bytes(data[:place] + b"d" + data[place + 1 :], name="it"))
    assert found.where == "intents.jsonl"
    assert found.stated == file_digest(entry(data, "intents.jsonl"))


@pytest.mark.promise("VER-2")
def test_a_wrong_checksum_of_the_archive_alone_is_told(recipe: Recipe) -> None:
    data = bytearray(build(recipe))
    central = data.index(b"PK\1\2")
    data[14] ^= 1
    data[central + 16] ^= 1
    found = bad(verify_bytes(bytes(data), name="it"))
    assert (found.where, found.what) == ("analysis.json", "it is damaged: its CRC-32 does not recompute")


@pytest.mark.promise("VER-2")
def test_an_altered_manifest_is_named(recipe: Recipe) -> None:
    data = build(recipe)
    entries = dict(read_archive(data).entries)
    altered = entries["manifest.json"].replace(b"the storm of January", b"the storm of February")
    found = bad(verify_bytes(write_archive({**entries, "manifest.json": altered}), name="it"))
    assert found.where == "manifest.json"
    assert found.stated is not None
    assert found.computed not in (None, found.stated)


@pytest.mark.promise("VER-2")
def test_a_mended_bundle_with_other_events_verifies_and_is_caught_when_run_again(recipe: Recipe) -> None:
    """Somebody replaces the events by calm ones and mends every digest: only running it again can show that."""
    data = build(recipe)
    calm = forged(data, {"events/1": recipe.sources[0].data.replace(b"900.5", b"20")})
    assert verify_bytes(calm, name="it").ok
    found = bad(run_again(calm))
    assert found.where == "intents.jsonl"
    assert "running it again gives something else" in found.what
    assert found.stated == file_digest(entry(data, "intents.jsonl"))
    assert found.computed not in (None, found.stated)


@pytest.mark.promise("VER-2")
@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("events/2", b"873.125", b"5"),
        ("policies.yaml", b"actions: [restart_container, alert_team]", b"actions: [alert_team]"),
        ("settings.json", b'"latency_critical":450', b'"latency_critical":100000'),
        ("memory.jsonl", b'"scale_out"', b'"rollback"'),
    ],
)
def test_whatever_the_intents_rest_on_cannot_be_exchanged(recipe: Recipe, name: str, old: bytes, new: bytes) -> None:
    data = build(recipe)
    assert old in entry(data, name)
    altered = forged(data, {name: entry(data, name).replace(old, new)})
    assert verify_bytes(altered, name="it").ok
    assert "running it again" in bad(run_again(altered)).what


@pytest.mark.promise("VER-2")
def test_a_word_in_the_analysis_that_no_intent_commits_to_is_caught_when_run_again(recipe: Recipe) -> None:
    data = build(recipe)
    analysis = json.loads(entry(data, "analysis.json"))
    analysis["advice"][0]["refused"] = []
    altered = forged(data, {"analysis.json": canonical_bytes(analysis) + b"\n"})
    assert verify_bytes(altered, name="it").ok
    assert bad(run_again(altered)).where == "analysis.json"


@pytest.mark.promise("VER-2")
def test_an_intent_that_is_taken_out_or_exchanged_is_caught(recipe: Recipe) -> None:
    data = build(recipe)
    lines = entry(data, "intents.jsonl").splitlines(keepends=True)
    fewer = forged(data, {"intents.jsonl": b"".join(lines[:-1])})
    assert f"it has {len(lines)} intents" in bad(verify_bytes(fewer, name="it")).what
    swapped = forged(data, {"intents.jsonl": b"".join([lines[1], lines[0], *lines[2:]])})
    assert "its intent 1 is another" in bad(verify_bytes(swapped, name="it")).what
    tampered = forged(data, {"intents.jsonl": lines[0].replace(b'"force"', b'"farce"', 1) + b"".join(lines[1:])})
    tampered = tampered if tampered != data else forged(data, {"intents.jsonl": b"{}\n" + b"".join(lines[1:])})
    assert bad(verify_bytes(tampered, name="it")).where == "intents.jsonl, line 1"
    other = dataclasses.replace(HealingIntent.from_json(lines[0]), justification="because").to_json().encode() + b"\n"
    resealed = forged(data, {"intents.jsonl": b"".join([other, *lines[1:]])})
    assert "its intent 1 is another" in bad(verify_bytes(resealed, name="it")).what
    doubled = forged(data, {"intents.jsonl": b"".join([*lines, other])})
    assert "with another digest" in bad(verify_bytes(doubled, name="it")).what


@pytest.mark.promise("VER-3")
@pytest.mark.parametrize(
    ("changes", "manifest", "reason"),
    [
        ({"run.py": b"print()"}, {}, "a full bundle has no entry 'run.py'"),
        ({"memory.jsonl": None}, {}, "a full bundle has an entry memory.jsonl"),
        ({"events/2": None}, {}, "a full bundle has an entry events/2"),
        ({"events/3": b""}, {}, "has no entry 'events/3'"),
        ({}, {"mode": "secret"}, "the mode of the bundle"),
        ({}, {"mode": "reference"}, "a reference bundle has an entry receipts.txt"),
        ({}, {"note": ["x"]}, "the note of the bundle"),
        ({}, {"note": "two\nlines"}, "the note of the bundle"),
        ({}, {"schema": "arf.bundle/2"}, "the schema of manifest.json"),
        ({}, {"signature": "trust me"}, "unknown key 'signature'"),
        ({}, {"created_from": {}}, "created_from lacks"),
        ({"settings.json": b'{"schema":"arf.settings/1"}'}, {}, "not in canonical form"),
        ({"settings.json": b'{"schema":"arf.settings/2"}\n'}, {}, "of the schema arf.settings/1"),
        ({"settings.json": b'{"schema":1,"schema":"arf.settings/1"}\n'}, {}, "'schema' twice"),
        ({"topology.json": b"[]\n"}, {}, "of the schema arf.topology/1"),
        ({"environment.json": b"\xff"}, {}, "not UTF-8"),
        ({"analysis.json": b'{"schema":"arf.analysis/1"}\n'}, {}, "analysis.json lacks"),
    ],
)
def test_a_bundle_that_breaks_its_form_is_refused(
    recipe: Recipe, changes: dict[str, bytes | None], manifest: dict[str, Any], reason: str
) -> None:
    assert reason in bad(verify_bytes(forged(build(recipe), changes, **manifest), name="it")).what


@pytest.mark.promise("VER-3")
@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("inputs",), []),
        (("inputs", 0, "sha256"), "sha256:0"),
        (("inputs", 0, "size"), -1),
        (("inputs", 0, "events"), 1.5),
        (("inputs", 0, "format"), ""),
        (("inputs", 0, "first_at"), "yesterday"),
        (("now",), 0),
        (("adaptive",), 1),
        (("policies", "file"), "a\u0000b"),
        (("policies", "own"), None),
        (("memory", "count"), None),
        (("memory", "sha256"), None),
    ],
)
def test_an_origin_that_breaks_its_form_is_refused(recipe: Recipe, path: tuple[Any, ...], value: object) -> None:
    data = build(recipe)
    made = json.loads(entry(data, "manifest.json"))["created_from"]
    inner = made
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    bad(verify_bytes(forged(data, {}, created_from=made), name="it"))


@pytest.mark.promise("VER-2")
def test_events_that_the_origin_does_not_name_are_caught(recipe: Recipe) -> None:
    data = build(recipe)
    made = json.loads(entry(data, "manifest.json"))["created_from"]
    swapped = forged(data, {"events/1": b"other"}, created_from=made)
    found = bad(verify_bytes(swapped, name="it"))
    assert (found.where, found.computed) == ("events/1", file_digest(b"other"))


@pytest.mark.promise("VER-2")
def test_a_part_that_cannot_be_run_fails_and_raises_nothing(recipe: Recipe) -> None:
    data = build(recipe)
    made = json.loads(entry(data, "manifest.json"))["created_from"]
    made["inputs"][0]["format"] = "fax"
    settings = canonical_bytes({"schema": "arf.settings/1", "settings": {"MAX_INCIDENT_HISTORY": 10**6}}) + b"\n"
    path = canonical_bytes({"schema": "arf.settings/1", "settings": {"policy_file": "/etc/passwd"}}) + b"\n"
    for altered, reason in (
        (forged(data, {"policies.yaml": b"- no\n"}), "defaults.yaml:1:1"),
        (forged(data, {"policies.yaml": b"\xff"}), "not UTF-8"),
        (forged(data, {"settings.json": settings}), "sealed limit"),
        (forged(data, {"settings.json": path}), "names a policy file"),
        (forged(data, {"memory.jsonl": b'{"id": "i", "alerts": []}\n'}), "arf.incident/1"),
        (forged(data, {"events/1": b"\x1f\x8b"}), "gzip"),
        (forged(data, {}, created_from=made), "the format 'fax'"),
    ):
        assert reason in bad(run_again(altered)).what


def test_a_reference_bundle_cannot_be_run_again(recipe: Recipe) -> None:
    data = build(recipe, reference=True)
    report = verify_bundle(data, name="it")
    assert report.ok
    assert any("keeps them out" in fact for fact in report.not_proven)
    with pytest.raises(InputError, match="no events"):
        recomputed(data, report)


@pytest.mark.promise("VER-2")
def test_a_reference_bundle_whose_receipts_were_changed_is_caught(recipe: Recipe) -> None:
    data = build(recipe, reference=True)
    lines = entry(data, "receipts.txt").splitlines(keepends=True)
    for fewer, reason in ((lines[1:], "its intent 1 is another"), (lines[:-1], f"it has {len(lines)} intents")):
        assert reason in bad(verify_bytes(forged(data, {"receipts.txt": b"".join(fewer)}), name="it")).what
    damaged = lines[0].replace(b" api ", b" apx ") if b" api " in lines[0] else lines[0].replace(b" cart ", b" card ")
    found = bad(verify_bytes(forged(data, {"receipts.txt": damaged + b"".join(lines[1:])}), name="it"))
    assert found.where == "receipts.txt, line 1"


def test_another_version_is_named_where_the_result_differs(recipe: Recipe) -> None:
    data = build(recipe)
    environment = {**json.loads(entry(data, "environment.json")), "arf_core": "0.0.1"}
    changes = {
        "environment.json": canonical_bytes(environment) + b"\n",
        "events/1": recipe.sources[0].data.replace(b"900.5", b"20"),
    }
    older = forged(data, changes)
    assert maker(read_bundle(older)) == "0.0.1"
    assert "made by arf-core 0.0.1, run again by" in bad(run_again(older)).what


@pytest.mark.promise("VER-2")
def test_a_bundle_is_held_against_an_intent(recipe: Recipe) -> None:
    data = build(recipe)
    intent = HealingIntent.from_json(entry(data, "intents.jsonl").splitlines()[-1])
    report = verify_bytes(data, name="it", against=intent)
    assert report.ok
    assert any(intent.digest in fact for fact in report.proven)
    other = dataclasses.replace(intent, justification="other")
    assert "it differs in digest" in bad(verify_bytes(data, name="it", against=other)).what
    calm = build(Recipe(sources=(Source(data=recipe.sources[0].data.replace(b"900.5", b"20")),)))
    assert verify_bytes(calm, name="it").ok
    assert "no intent at all" in bad(verify_bytes(calm, name="it", against=intent)).what


def test_a_bad_bundle_is_not_opened(recipe: Recipe) -> None:
    data = build(recipe)
    assert recomputed(data, verify_bundle(data[:-1], name="it")).first_bad is not None
    with pytest.raises(VerificationError):
        read_bundle(data[:-1])


@pytest.mark.promise("VER-3")
def test_a_bundle_that_would_fill_the_memory_is_refused_before_it_is_parsed(
    recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fields, "MAX_VALUES", 10_000)
    monkeypatch.setattr(sealed_module, "MAX_LINES", 100)
    data = build(recipe)
    assert verify_bytes(data, name="it").ok
    wide = b'{"advice":[' + b",".join([b"[]"] * 9_999) + b'],"schema":"arf.analysis/1"}\n'
    found = bad(verify_bytes(forged(data, {"analysis.json": wide}), name="it"))
    assert found.what == "analysis.json has more than 10000 values: split it"
    many = bad(verify_bytes(forged(data, {"intents.jsonl": b"{}\n" * 101}), name="it"))
    assert (many.where, many.what) == ("intents.jsonl", "it has 101 lines: at most 100 are verified, split it")


@pytest.mark.promise("VER-2")
@pytest.mark.parametrize("reference", [False, True])
def test_no_byte_of_a_bundle_can_be_flipped(recipe: Recipe, *, reference: bool) -> None:
    data = build(recipe, reference=reference)

    @settings(max_examples=150, deadline=None)
    @given(st.integers(0, len(data) - 1), st.integers(1, 255))
    def flip(place: int, mask: int) -> None:
        flipped = bytearray(data)
        flipped[place] ^= mask
        assert bad(verify_bytes(bytes(flipped), name="it")).what

    flip()


@pytest.mark.promise("VER-3")
@given(st.integers(0, 10_000), st.integers(0, 400), st.binary(max_size=40))
@settings(max_examples=60, deadline=None)
def test_a_bundle_with_a_stretch_exchanged_raises_nothing(place: int, length: int, new: bytes) -> None:
    report = verify_bytes(SMALL[:place] + new + SMALL[place + length :], name="it")
    assert report.ok is (SMALL[:place] + new + SMALL[place + length :] == SMALL)


SMALL = build(
    Recipe(sources=(Source(data=b'{"component":"a","timestamp":"2026-01-02T03:04:05Z","latency_p99":900}\n'),))
)
