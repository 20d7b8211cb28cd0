# SPDX-License-Identifier: Apache-2.0
"""docs/promises.yaml and the tests agree, in both directions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent


def promises() -> dict[str, str]:
    """Promise id → state, from docs/promises.yaml."""
    entries = yaml.safe_load((ROOT / "docs/promises.yaml").read_text(encoding="utf-8"))
    assert len({entry["id"] for entry in entries}) == len(entries), "an id stands twice"
    return {entry["id"]: entry["state"] for entry in entries}


def carried(folder: Path) -> Iterator[tuple[str, str]]:
    """Every (promise id, place) that a test below ``folder`` names."""
    for file in sorted(folder.rglob("test_*.py")):
        tree = ast.parse(file.read_bytes())
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "promise":
                for argument in node.args:
                    assert isinstance(argument, ast.Constant), f"{file}:{node.lineno}: a promise is named by a literal"
                    yield str(argument.value), f"{file}:{node.lineno}"


def all_carried() -> dict[str, str]:
    """Promise id → one place that carries it, over every test folder."""
    folders = [ROOT / "tests", *sorted(ROOT.glob("arf-*/tests"))]
    found = {name: place for folder in folders for name, place in carried(folder)}
    assert found, "no test carries any promise: the search itself is broken"
    return found


def test_every_state_is_planned_or_built() -> None:
    assert set(promises().values()) <= {"planned", "built"}


def test_every_built_promise_is_carried_by_a_test() -> None:
    built = {name for name, state in promises().items() if state == "built"}
    assert built, "nothing is built"
    assert sorted(built - set(all_carried())) == []


def test_no_test_names_an_unknown_promise() -> None:
    known = promises()
    assert {name: place for name, place in all_carried().items() if name not in known} == {}


def test_the_search_finds_a_promise_and_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "test_made.py").write_text('@pytest.mark.promise("XYZ-9")\ndef test_it(): ...\n', encoding="utf-8")
    assert list(carried(tmp_path)) == [("XYZ-9", f"{tmp_path}/test_made.py:1")]
