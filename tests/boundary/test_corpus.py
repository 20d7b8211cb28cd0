# SPDX-License-Identifier: Apache-2.0
"""Every planted escape is caught, no look-alike is flagged, and every rule is needed to say so."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from boundary import accesses, capabilities, gate, importing, judge, modules, rows, tree
from boundary.main import scan
from boundary.rules import RULES, Finding
from boundary.settings import Settings

HERE = Path(__file__).resolve().parent
ESCAPES = sorted(path for path in (HERE / "escapes").iterdir() if path.suffix == ".py")
INNOCENTS = sorted(path for path in (HERE / "innocent").iterdir() if path.suffix == ".py")
SOURCE_RULES = sorted(
    RULES.keys()
    - {"CARRIER", "CONFTEST", "BUILD", "ENTRY", "REQUIRES", "OUTSIDE", "RECORD", "DIFFERS", "ALLOW-STALE", "ALLOW-BARE"}
)


@cache
def findings(path: Path) -> tuple[Finding, ...]:
    """What the scan says about one file, scanned alone."""
    return scan([path], [], Settings(path.parent)).findings


@pytest.mark.promise("BND-9")
def test_the_corpus_is_large_enough_to_mean_something() -> None:
    assert len(ESCAPES) >= 80
    assert len(INNOCENTS) >= 80


@pytest.mark.promise("BND-3")
@pytest.mark.parametrize("path", ESCAPES, ids=lambda path: path.stem)
def test_a_planted_escape_is_caught_with_its_place_rule_and_mending(path: Path) -> None:
    header = path.read_bytes().splitlines()[:3]
    assert any(line.startswith((b"# hides: ", b"\xef\xbb\xbf# hides: ")) for line in header), (
        "an escape says what it hides"
    )
    assert any(line.startswith(b"# caught by: source") for line in header)
    assert findings(path), f"{path.name} got away"
    for finding in findings(path):
        assert finding.rule in RULES
        assert finding.line >= 1
        assert finding.what


@pytest.mark.promise("BND-2")
@pytest.mark.parametrize("path", INNOCENTS, ids=lambda path: path.stem)
def test_a_look_alike_is_not_flagged(path: Path) -> None:
    assert findings(path) == ()


@pytest.mark.promise("BND-9")
@pytest.mark.parametrize("rule", SOURCE_RULES)
def test_without_one_rule_a_planted_escape_gets_away(rule: str) -> None:
    lost = [path.name for path in ESCAPES if findings(path) and all(f.rule == rule for f in findings(path))]
    assert lost, f"no planted escape needs the rule {rule}: plant one"


@pytest.mark.promise("BND-9")
@pytest.mark.parametrize("module", sorted(modules.MODULES))
def test_without_one_module_row_its_import_gets_away(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"import {module} as m\nprint(m.anything)\n"
    assert rules_of(text, tmp_path), module
    parents = {".".join(module.split(".")[:n]) for n in range(1, module.count(".") + 1)}
    without = {name: rule for name, rule in modules.MODULES.items() if name != module and name not in parents}
    assert not rules_of(text, tmp_path, rows_of_modules=without, monkeypatch=monkeypatch), module


@pytest.mark.promise("BND-9")
@pytest.mark.parametrize("member", sorted(capabilities.MEMBERS))
def test_without_one_member_row_its_use_gets_away(member: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, _, name = member.rpartition(".")
    text = f"import {owner} as m\nm.{name}(1)\n"
    assert rules_of(text, tmp_path), member
    parts = member.split(".")
    prefixes = {".".join(parts[:n]) for n in range(1, len(parts) + 1)}
    without = {n: r for n, r in modules.MODULES.items() if n not in prefixes}
    members = {n: r for n, r in capabilities.MEMBERS.items() if n not in prefixes}
    assert not rules_of(text, tmp_path, rows_of_modules=without, members=members, monkeypatch=monkeypatch), member


@pytest.mark.promise("BND-9")
@pytest.mark.parametrize("method", sorted(capabilities.METHODS))
def test_without_one_method_row_its_use_gets_away(method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rule, owners = capabilities.METHODS[method]
    owner, _, name = (owners[0] if owners else "thing").rpartition(".")
    head = f"from {owner} import {name} as x\n" if owner else f"import {name} as x\n"
    text = f"{head}print(x().{method})\n"
    assert rule in rules_of(text, tmp_path), method
    monkeypatch.setattr(accesses, "METHODS", {n: row for n, row in capabilities.METHODS.items() if n != method})
    assert not rules_of(text, tmp_path), method


@pytest.mark.promise("BND-9")
@pytest.mark.parametrize("builtin", sorted(capabilities.BUILTINS))
def test_without_one_builtin_row_its_use_gets_away(
    builtin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"{builtin}(given)\n"
    assert rules_of(text, tmp_path) == {capabilities.BUILTINS[builtin]}
    monkeypatch.setattr(judge, "SPECIAL", capabilities.SPECIAL - {builtin})
    assert not rules_of(text, tmp_path)


@pytest.mark.promise("BND-9")
@pytest.mark.parametrize("path", ESCAPES, ids=lambda path: path.stem)
def test_the_word_gate_never_lets_an_escape_pass_unread(path: Path) -> None:
    data = path.read_bytes()
    try:
        tree.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    assert gate.Text(data).needs_look()


def rules_of(
    text: str,
    folder: Path,
    *,
    rows_of_modules: Mapping[str, str] | None = None,
    members: Mapping[str, str] | None = None,
    monkeypatch: pytest.MonkeyPatch | None = None,
) -> set[str]:
    """The rules found in ``text``, with other tables in the scanner's place where given."""
    if monkeypatch is not None:
        for place in (rows, importing):
            monkeypatch.setattr(place, "MODULES", rows_of_modules or modules.MODULES)
            monkeypatch.setattr(place, "MEMBERS", members or capabilities.MEMBERS)
    file = folder / "planted.py"
    file.write_text(text, encoding="utf-8")
    return {finding.rule for finding in scan([file], [], Settings(folder)).findings}
