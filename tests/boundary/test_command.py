# SPDX-License-Identifier: Apache-2.0
"""The command: exit codes, counts, the allow-list, project files and data files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from boundary import main as command
from boundary import scanning
from boundary.rules import RULES
from boundary.settings import SettingsError, load

SCRIPT = Path(__file__).resolve().parent.parent.parent / "scripts" / "enforce_oss_constants.py"
CLEAN = '"""A module."""\n\nX = 1\n'
ALLOW = """
[tool.arf.boundary]
paths = ["src"]

[[tool.arf.boundary.allow]]
path = "src/a.py"
rule = "PROCESS"
expression = "{expression}"
reason = "the drill starts its own process"
owner = "core"
"""


def tree(folder: Path, **files: str | bytes) -> Path:
    """A folder with files; ``__`` in a name stands for a dot, ``_SLASH_`` for a slash."""
    for name, content in files.items():
        path = folder / name.replace("_SLASH_", "/").replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def rules(folder: Path, capsys: pytest.CaptureFixture[str]) -> set[str]:
    """The rules that the command reports for a folder."""
    command.main([str(folder), "--json"])
    return {finding["rule"] for finding in json.loads(capsys.readouterr().out)["findings"]}


@pytest.mark.promise("BND-2")
def test_a_clean_tree_exits_0_and_says_how_much_was_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([str(tree(tmp_path, a__py=CLEAN, b__py=CLEAN))]) == 0
    assert "read 2 files, 6 lines" in capsys.readouterr().out


@pytest.mark.promise("BND-2")
def test_a_violation_exits_1_with_place_rule_and_mending(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([str(tree(tmp_path, a__py="X = 1\nimport subprocess\n"))]) == 1
    line = capsys.readouterr().out.splitlines()[0]
    assert "a.py:2:1 PROCESS" in line
    assert line.endswith(RULES["PROCESS"].mend)


@pytest.mark.promise("BND-9")
def test_an_empty_folder_exits_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([str(tmp_path)]) == 2
    assert "read nothing fails" in capsys.readouterr().err


@pytest.mark.promise("BND-9")
def test_a_folder_without_python_exits_2(tmp_path: Path) -> None:
    assert command.main([str(tree(tmp_path, notes__txt="nothing"))]) == 2


@pytest.mark.promise("BND-9")
def test_a_missing_path_exits_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([str(tmp_path / "gone")]) == 2
    assert "does not exist" in capsys.readouterr().err


@pytest.mark.promise("BND-9")
def test_a_crash_of_the_scanner_exits_2_and_never_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def crash(*_: object) -> None:
        raise KeyError("scope")

    monkeypatch.setattr("boundary.source.judge", crash)
    assert command.main([str(tree(tmp_path, a__py="import subprocess\n"))]) == 2
    assert "not a verdict" in capsys.readouterr().err


@pytest.mark.promise("BND-2")
def test_it_runs_as_a_script_from_any_folder(tmp_path: Path) -> None:
    folder = tree(tmp_path / "x", a__py="import socket\n")
    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), str(folder)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "NETWORK" in done.stdout) == (1, True)


def test_every_rule_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    for rule in RULES:
        assert command.main(["--explain", rule]) == 0
        assert rule in capsys.readouterr().out
    assert command.main(["--explain", "NONE"]) == 2


def test_many_processes_find_what_one_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "_MANY", 0)
    files = {f"m{n}__py": "import os\nos.system('x')\n" if n % 3 else CLEAN for n in range(12)}
    folder = tree(tmp_path, **files)
    chosen = load(folder)
    paths = [folder]
    one = command.scan(paths, [], chosen, processes=1)
    many = scanning.scan_files(sorted(folder.iterdir()), chosen, 2).findings
    assert sorted(many) == list(one.findings)


def test_a_module_is_followed_into_another_of_the_tree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sources = {
        "__init__": "",
        "a": "import os as tools\ndef give():\n    return tools\n",
        "b": "from p.a import tools, give\ntools.system('x')\ngive().popen('x')\n",
    }
    folder = tmp_path
    (folder / "p").mkdir()
    for name, text in sources.items():
        (folder / "p" / f"{name}.py").write_text(text, encoding="utf-8")
    command.main([str(folder), "--json"])
    found = json.loads(capsys.readouterr().out)["findings"]
    assert {(Path(f["path"]).name, f["line"]) for f in found if f["rule"] == "PROCESS"} == {("b.py", 2), ("b.py", 3)}


# -- the allow-list


def test_an_allowed_expression_passes_to_the_letter(tmp_path: Path) -> None:
    folder = tree(
        tmp_path, pyproject__toml=ALLOW.format(expression="import subprocess"), src_SLASH_a__py="import subprocess\n"
    )
    assert command.main([str(folder / "src")]) == 0


def test_another_expression_of_the_same_rule_does_not_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tree(
        tmp_path,
        pyproject__toml=ALLOW.format(expression="import subprocess as sp"),
        src_SLASH_a__py="import subprocess\n",
    )
    assert rules(folder / "src", capsys) == {"PROCESS", "ALLOW-STALE"}


def test_a_stale_entry_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tree(tmp_path, pyproject__toml=ALLOW.format(expression="import subprocess"), src_SLASH_a__py=CLEAN)
    assert rules(folder / "src", capsys) == {"ALLOW-STALE"}


def test_an_entry_without_reason_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = ALLOW.format(expression="import subprocess").replace('reason = "the drill starts its own process"\n', "")
    folder = tree(tmp_path, pyproject__toml=text, src_SLASH_a__py="import subprocess\n")
    assert rules(folder / "src", capsys) == {"ALLOW-BARE", "PROCESS"}


def test_settings_that_cannot_be_read_exit_2(tmp_path: Path) -> None:
    folder = tree(tmp_path, pyproject__toml="[tool.arf.boundary]\npathz = []\n", a__py=CLEAN)
    with pytest.raises(SettingsError, match="pathz"):
        load(folder)
    assert command.main([str(folder)]) == 2


# -- what is not Python

PROJECTS = {
    "ENTRY": [
        '[project]\nname = "x"\n[project.scripts]\nx-execute = "x.cli:main"\n',
        '[project]\nname = "x"\n[project.scripts]\nx = "os:system"\n',
        '[project]\nname = "x"\n[project.entry-points."arf.executors"]\nkube = "x:Kube"\n',
        '[project]\nname = "x"\n[project.entry-points.pytest11]\nx = "x.plugin"\n',
    ],
    "REQUIRES": [
        '[project]\nname = "x"\ndependencies = ["psycopg[binary]>=3"]\n',
        '[project]\nname = "x"\n[project.optional-dependencies]\nlearn = ["neo4j>=5"]\n',
        '[project]\nname = "x"\ndependencies = ["arf-enterprise"]\n',
        '[project]\nname = "x"\ndependencies = ["rich @ git+https://example.org/rich"]\n',
    ],
    "BUILD": [
        '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n',
        '[build-system]\nbuild-backend = "hatchling.build"\n[tool.hatch.build.hooks.custom]\npath = "hook.py"\n',
        '[build-system]\nbuild-backend = "hatchling.build"\n[tool.hatch.build.targets.wheel.hooks.custom]\n',
        '[build-system]\nbuild-backend = "setuptools.build_meta"\n[tool.setuptools]\ncmdclass = {build = "x.Build"}\n',
        '[build-system]\nbuild-backend = "hatchling.build"\n[project]\nname = "x"\ndynamic = ["dependencies"]\n',
    ],
}
GOOD = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "x"
dependencies = ["numpy>=2", "rich"]
[project.scripts]
x = "x.cli:main"
"""


@pytest.mark.promise("BND-3")
@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, texts in PROJECTS.items() for text in texts])
def test_a_project_file_that_names_or_pulls_in_execution_fails(
    rule: str, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rule in rules(tree(tmp_path, pyproject__toml=text, a__py=CLEAN), capsys)


def test_a_plain_project_file_passes(tmp_path: Path) -> None:
    assert command.main([str(tree(tmp_path, pyproject__toml=GOOD, a__py=CLEAN))]) == 0


@pytest.mark.promise("BND-3")
@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("x.pth", b"import os\n", "START-UP"),
        ("sitecustomize.py", b"X = 1\n", "START-UP"),
        ("setup.py", b"X = 1\n", "BUILD"),
        ("native.so", b"", "CARRIER"),
        ("data.json", b"\x7fELF\x02", "CARRIER"),
        ("data.txt", b"#!/bin/sh\nid\n", "CARRIER"),
        ("model.bin2", b"\x80\x04\x95\x00.", "CARRIER"),
        ("model.dat", b"cos\nsystem\n(S'id'\ntR.", "CARRIER"),
        ("app.txt", b"PK\x03\x04", "CARRIER"),
        ("cached.dat", b"\xa7\x0d\r\n\x00\x00", "CARRIER"),
        ("tables.sql", b"CREATE TABLE x (a int);", "CARRIER"),
        ("requirements.txt", b"rich\nneo4j>=5\n", "REQUIRES"),
        ("setup.cfg", b"[options]\ncmdclass =\n  build = x\n", "BUILD"),
        ("p/conftest.py", b"X = 1\n", "CONFTEST"),
    ],
)
def test_a_file_that_is_code_in_disguise_fails(
    name: str, content: bytes, rule: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "__init__.py").write_text(CLEAN)
    (tmp_path / name).write_bytes(content)
    assert rules(tmp_path, capsys) == {rule}


def test_data_that_is_data_passes(tmp_path: Path) -> None:
    folder = tree(
        tmp_path,
        a__py=CLEAN,
        py__typed="",
        data__json="{}",
        rules__yaml="a: 1\n",
        requirements__txt="rich>=14\nnumpy\n",
    )
    assert command.main([str(folder)]) == 0
