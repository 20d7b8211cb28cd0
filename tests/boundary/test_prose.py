# SPDX-License-Identifier: Apache-2.0
"""Taking comments and strings away never takes code away, and what the words of a file clear is not evaluated."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boundary import main as command
from boundary.prose import code
from boundary.settings import Settings
from boundary.spelling import hidden, plain

HERE = Path(__file__).resolve().parent
FOLDERS = [HERE / "escapes", HERE / "innocent", HERE.parent.parent / "scripts", HERE.parent.parent / "arf-core/src"]
PIECES = ['"', "'", '"""', "'''", "#", "\\", "\n", "{", "}", "f", "r", "b", " ", "x", "(", ")", ":", ",", "+", "name"]


def names(text: bytes) -> set[str]:
    """The names in the code of a source that parses."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        for field in ("id", "attr", "name", "arg", "module"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                found.update(value.split("."))
    return found - {"*", ""}


def lost(text: bytes) -> set[str]:
    """Names of the code that are no longer there without the prose."""
    return names(text) - set(re.findall(r"\w+", code(text).decode()))


@pytest.mark.promise("BND-3")
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_no_name_of_real_code_is_lost(folder: Path) -> None:
    read = 0
    for file in folder.rglob("*.py"):
        text = plain(file.read_bytes()).removeprefix(b"\xef\xbb\xbf")
        try:
            expected = names(text) if text.isascii() and not hidden(text) and b"\\\n" not in text else set()
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        read += bool(expected)
        assert not expected or not lost(text), file.name
    assert read > 20


@pytest.mark.promise("BND-3")
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_no_name_is_lost_behind_any_mixture_of_quotes(pieces: str) -> None:
    text = f"{pieces}\nimport secret_name\n".encode()
    try:
        expected = names(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    if b"\\\n" not in text:
        assert "secret_name" not in expected or not lost(text)


@pytest.mark.promise("BND-2")
def test_the_report_says_how_many_files_were_evaluated(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text('"""Starts no subprocess."""\n')
    (tmp_path / "broken.py").write_text("def f(\n")
    (tmp_path / "looked.py").write_text("import subprocess\n")
    report = command.scan([tmp_path], [], Settings(tmp_path))
    assert (report.sources, report.evaluated) == (3, 1)
    assert {Path(finding.path).name for finding in report.findings} == {"looked.py"}


@pytest.mark.promise("BND-3")
@pytest.mark.parametrize("trigger", ["import subprocess", "getattr(x, y)", "exec('1')", "import os; os.system('x')"])
def test_what_does_not_parse_is_refused_beside_any_word_that_matters(trigger: str, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(f"{trigger}\ndef f(\n")
    assert {finding.rule for finding in command.scan([tmp_path], [], Settings(tmp_path)).findings} == {"SYNTAX"}
