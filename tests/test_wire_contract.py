# SPDX-License-Identifier: Apache-2.0
"""The wire contract: both implementations, Python and JavaScript, reproduce every golden vector ever released."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from arf_core.canonical import canonical_text
from arf_core.errors import IntentError
from arf_core.models.action import Action
from arf_core.models.healing_intent import HealingIntent
from arf_core.strict_json import parse_json
from arf_core.verify import receipt

CONTRACT = Path(__file__).parent.parent / "docs" / "contracts" / "healing-intent" / "1"
FROZEN = "34d253db200d4bfb2c5a72253655a6939c56cff1ddc4b70d8b1e60a28a783206"
"""SHA-256 of vectors.json as released: a vector is added (and this line changed), never altered."""

VECTORS: dict[str, Any] = json.loads((CONTRACT / "vectors.json").read_text(encoding="ascii"))
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(
    NODE is None, reason="NODE IS ABSENT: the JavaScript checker of the wire contract did NOT run"
)


def vectors(kind: str) -> pytest.MarkDecorator:
    found = VECTORS[kind]
    return pytest.mark.parametrize("vector", found, ids=[vector["name"] for vector in found])


@pytest.mark.promise("INT-6")
def test_the_released_vectors_are_unchanged() -> None:
    assert hashlib.sha256((CONTRACT / "vectors.json").read_bytes()).hexdigest() == FROZEN


@pytest.mark.promise("INT-6")
@vectors("accepted")
def test_python_reproduces_an_accepted_vector(vector: dict[str, str]) -> None:
    intent = HealingIntent.from_json(vector["text"])
    assert intent.intent_id == vector["intent_id"]
    assert intent.context_digest == vector["context_digest"]
    assert intent.digest == vector["digest"]
    assert intent.to_json() == vector["canonical"]
    assert receipt.write(intent) == vector["receipt"]


@pytest.mark.promise("INT-6")
@vectors("refused")
def test_python_refuses_a_vector_for_its_own_reason(vector: dict[str, str]) -> None:
    with pytest.raises(IntentError) as refused:
        HealingIntent.from_json(vector["text"])
    assert vector["names"] in str(refused.value)


@pytest.mark.promise("INT-6")
@vectors("canonical")
def test_python_writes_a_vector_in_canonical_json(vector: dict[str, str]) -> None:
    assert canonical_text(parse_json(vector["text"])) == vector["canonical"]


def test_every_action_has_a_vector() -> None:
    assert {json.loads(vector["text"])["action"] for vector in VECTORS["accepted"]} == set(Action)


def node(*paths: Path) -> subprocess.CompletedProcess[str]:
    assert NODE is not None
    command = [NODE, str(CONTRACT / "check.mjs"), *map(str, paths)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=60)


@needs_node
@pytest.mark.promise("INT-6")
def test_javascript_reproduces_every_vector() -> None:
    answer = node(CONTRACT / "vectors.json")
    total = sum(len(VECTORS[kind]) for kind in ("accepted", "refused", "canonical"))
    assert answer.stderr == ""
    assert f"{total} checked, 0 bad" in answer.stdout
    assert answer.returncode == 0


@needs_node
@pytest.mark.promise("INT-6")
@pytest.mark.parametrize(
    ("kind", "field"),
    [(kind, field) for kind, fields in {
        "accepted": ("intent_id", "context_digest", "digest", "canonical", "receipt"),
        "canonical": ("canonical",),
        "refused": ("names",),
    }.items() for field in fields],
)  # fmt: skip
def test_the_javascript_checker_bites_on_a_wrong_vector(tmp_path: Path, kind: str, field: str) -> None:
    altered = json.loads(json.dumps(VECTORS))
    altered[kind][3][field] += "0"
    (tmp_path / "vectors.json").write_text(json.dumps(altered), encoding="ascii")
    answer = node(tmp_path / "vectors.json")
    assert answer.returncode == 1
    assert f"{kind}: {altered[kind][3]['name']}: " in answer.stderr
    assert "1 bad" in answer.stdout


@needs_node
@pytest.mark.promise("INT-6")
def test_the_javascript_checker_bites_on_a_refused_vector_that_is_sound(tmp_path: Path) -> None:
    altered = json.loads(json.dumps(VECTORS))
    altered["refused"][0]["text"] = altered["accepted"][0]["text"]
    (tmp_path / "vectors.json").write_text(json.dumps(altered), encoding="ascii")
    assert "accepted, and must be refused" in node(tmp_path / "vectors.json").stderr


LINES = [json.dumps(json.loads(vector["canonical"])) for vector in VECTORS["accepted"]]


@needs_node
def test_the_javascript_checker_finds_intents_in_lines_and_documents(tmp_path: Path) -> None:
    lines, document = tmp_path / "intents.jsonl", tmp_path / "analysis.json"
    lines.write_text("\n".join(LINES) + "\n", encoding="utf-8")
    document.write_text(f'{{"advice": [{{"intents": [{LINES[0]}, {LINES[1]}]}}], "n": 1}}', encoding="utf-8")
    answer = node(lines, document)
    assert f"intents.jsonl: {len(LINES)} checked, 0 bad" in answer.stdout
    assert "analysis.json: 2 checked, 0 bad" in answer.stdout
    assert answer.returncode == 0


@needs_node
def test_the_javascript_checker_names_the_bad_line(tmp_path: Path) -> None:
    path = tmp_path / "intents.jsonl"
    path.write_text("\n".join([LINES[0], LINES[1].replace("checkout", "checkin"), LINES[2][:-1]]), encoding="utf-8")
    answer = node(path)
    assert answer.returncode == 1
    assert "line 2: intent_" in answer.stderr
    assert "line 3: not JSON" in answer.stderr
    assert "3 checked, 2 bad" in answer.stdout


@needs_node
@pytest.mark.parametrize(("content", "code"), [(b"{}", 2), (b"[]", 2), (b"", 1), (b"\xff", 1), (b'{"a":1,"a":1}', 1)])
def test_the_javascript_checker_does_not_pass_a_file_it_found_nothing_in(
    tmp_path: Path, content: bytes, code: int
) -> None:
    (tmp_path / "file.json").write_bytes(content)
    (tmp_path / "good.jsonl").write_text(LINES[0], encoding="utf-8")
    assert node(tmp_path / "file.json", tmp_path / "good.jsonl").returncode == code


@needs_node
def test_the_javascript_checker_without_files_or_with_a_missing_one_fails(tmp_path: Path) -> None:
    assert node().returncode == 2
    assert node(tmp_path / "absent.json").returncode == 1
