# SPDX-License-Identifier: Apache-2.0
"""The export contract: the golden examples are unchanged, and anyone can compute their digests."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from arf_core.cli.main import run

CONTRACT = Path(__file__).parent.parent.parent / "docs" / "contracts" / "export" / "1"
RELEASED = {
    "incidents": "sha256:1dc5905c065d9b4fa2e69172599225d67555079ef383a3650f899c3b4bae6912",
    "config": "sha256:d2f4f9caeced6b08436bf9340eca2b8849d520ae2bd378f88903308ea583af5c",
}
"""The digests of the golden examples as released: an example is added, never altered."""


def document(kind: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((CONTRACT / f"{kind}.json").read_text(encoding="utf-8"))
    return loaded


@pytest.mark.promise("CLI-7")
@pytest.mark.parametrize("kind", RELEASED)
def test_a_golden_example_has_the_digest_that_the_page_says_how_to_compute(kind: str) -> None:
    found = document(kind)
    assert set(found) == {"schema", "kind", "count", "digest", "content"}
    assert (found["schema"], found["kind"], found["count"]) == ("arf.export/1", kind, len(found["content"]))
    computed = hashlib.sha256(b"arf.export/1\n" + rfc8785.dumps(found["content"])).hexdigest()
    assert found["digest"] == f"sha256:{computed}" == RELEASED[kind]


@pytest.mark.promise("CLI-7")
def test_the_lines_of_the_page_accept_the_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (CONTRACT / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    for kind in RELEASED:
        (tmp_path / "incidents.json").write_text(json.dumps(document(kind)), encoding="utf-8")
        exec(compile(code, "README.md", "exec"), {})  # noqa: S102 - our own page


@pytest.mark.promise("CLI-7")
def test_exporting_the_golden_incidents_again_gives_the_same_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    golden = document("incidents")
    file = tmp_path / "incidents.jsonl"
    lines = [json.dumps(incident) for incident in reversed(golden["content"])]
    file.write_text("\n".join(lines), encoding="utf-8")
    assert run(["export", "incidents", "--memory", str(file)]) == 0
    assert json.loads(capsys.readouterr().out) == golden
