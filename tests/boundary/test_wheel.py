# SPDX-License-Identifier: Apache-2.0
"""A wheel that is what the tree builds passes; with anything added, taken away or changed it fails."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from boundary import main as command
from boundary.settings import Settings, WheelError, load
from boundary.wheel import scan_wheel

INFO = "arf_core-1.0.dist-info"
CONTENT: dict[str, bytes] = {
    "arf_core/__init__.py": b'"""A package."""\n',
    "arf_core/rules.json": b"{}",
    f"{INFO}/METADATA": b"""Metadata-Version: 2.4
Name: arf-core
Version: 1.0
Requires-Dist: numpy<3,>=2.2
Requires-Dist: matplotlib<4,>=3.10; extra == 'plot'
Provides-Extra: plot
""",
    f"{INFO}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    f"{INFO}/entry_points.txt": b"[console_scripts]\narf = arf_core.cli.main:main\n",
    f"{INFO}/licenses/LICENSE": b"Apache",
}
PROJECT = """[project]
name = "arf-core"
dependencies = ["numpy>=2.2,<3"]
[project.optional-dependencies]
plot = ["matplotlib>=3.10,<4"]
[project.scripts]
arf = "arf_core.cli.main:main"
"""


def build(
    folder: Path,
    changes: Mapping[str, bytes | None] = {},
    *,
    name: str = "arf_core-1.0-py3-none-any.whl",
    unlisted: Mapping[str, bytes] = {},
) -> Path:
    """A wheel of CONTENT with changes (None leaves a file out) and files that RECORD does not list."""
    content = {n: c for n, c in {**CONTENT, **changes}.items() if c is not None}
    rows = [
        f"{n},sha256={base64.urlsafe_b64encode(hashlib.sha256(c).digest()).decode().rstrip('=')},{len(c)}"
        for n, c in content.items()
    ]
    record = "\n".join([*rows, f"{INFO}/RECORD,,"]).encode()
    path = folder / name
    with zipfile.ZipFile(path, "w") as archive:
        for member, data in {**content, **unlisted, f"{INFO}/RECORD": record}.items():
            archive.writestr(member, data)
    return path


def project(folder: Path) -> Path:
    """The source tree that CONTENT was built from."""
    package = folder / "arf-core" / "src" / "arf_core"
    package.mkdir(parents=True)
    (package / "__init__.py").write_bytes(CONTENT["arf_core/__init__.py"])
    (package / "rules.json").write_bytes(CONTENT["arf_core/rules.json"])
    (folder / "arf-core" / "pyproject.toml").write_text(PROJECT)
    return folder / "arf-core"


def rules(wheel: Path, *projects: Path) -> set[str]:
    """The rules that one wheel breaks."""
    return {finding.rule for finding in scan_wheel(wheel, Settings(wheel.parent, distributions=projects)).findings}


@pytest.mark.promise("BND-3")
def test_a_clean_wheel_passes_and_says_what_was_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the settings of this repository would compare it with the real tree
    assert rules(build(tmp_path), project(tmp_path)) == set()
    assert command.main(["--wheel", str(build(tmp_path))]) == 0
    assert "read 7 files, 1 lines of Python, 1 wheels" in capsys.readouterr().out


@pytest.mark.promise("BND-3")
@pytest.mark.parametrize(
    ("name", "data", "rule"),
    [
        ("arf_core/act.py", b"import subprocess\n", "PROCESS"),
        ("arf_core/native.cpython-311-x86_64-linux-gnu.so", b"\x7fELF", "CARRIER"),
        ("arf_core/data.json2", b"\x7fELF", "CARRIER"),
        ("arf_core/__pycache__/x.cpython-311.pyc", b"", "CARRIER"),
        ("arf_core/conftest.py", b"X = 1\n", "CONFTEST"),
        ("conftest.py", b"X = 1\n", "OUTSIDE"),
        ("arf.pth", b"import arf_core\n", "START-UP"),
        ("sitecustomize.py", b"X = 1\n", "START-UP"),
        ("arf_enterprise/__init__.py", b"", "OUTSIDE"),
        ("arf_core-1.0.data/scripts/act", b"#!python\n", "OUTSIDE"),
        ("arf_core-1.0.data/purelib/x.py", b"", "OUTSIDE"),
        (f"{INFO}/extra.txt", b"x", "OUTSIDE"),
        (f"{INFO}/entry_points.txt", b"[console_scripts]\narf = arf_core.cli:main\narf-run = os:system\n", "ENTRY"),
        (f"{INFO}/entry_points.txt", b"[arf.executors]\nkube = arf_core:Kube\n", "ENTRY"),
        (f"{INFO}/METADATA", CONTENT[f"{INFO}/METADATA"] + b"Requires-Dist: psycopg>=3\n", "REQUIRES"),
        (f"{INFO}/METADATA", CONTENT[f"{INFO}/METADATA"] + b"Requires-Dist: kubernetes; extra == 'act'\n", "REQUIRES"),
        (f"{INFO}/METADATA", CONTENT[f"{INFO}/METADATA"].replace(b"arf-core", b"arf-other"), "RECORD"),
        (f"{INFO}/WHEEL", b"Wheel-Version: 1.0\nRoot-Is-Purelib: false\n", "CARRIER"),
    ],
)
def test_a_wheel_with_something_planted_fails_even_without_its_source(
    name: str, data: bytes, rule: str, tmp_path: Path
) -> None:
    assert rule in rules(build(tmp_path, {name: data}))


@pytest.mark.promise("BND-3")
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("arf_core/harmless.py", b"X = 1\n"),
        ("arf_core/__init__.py", b"X = 1\n"),
        ("arf_core/more.json", b"{}"),
        (f"{INFO}/entry_points.txt", b"[console_scripts]\narf = arf_core.cli.main:main\narf-two = arf_core.two:main\n"),
        (f"{INFO}/METADATA", CONTENT[f"{INFO}/METADATA"] + b"Requires-Dist: tabulate\n"),
        (f"{INFO}/METADATA", CONTENT[f"{INFO}/METADATA"].replace(b"numpy<3,>=2.2", b"numpy")),
    ],
)
def test_a_wheel_that_differs_from_its_tree_fails_though_the_addition_is_harmless(
    name: str, data: bytes, tmp_path: Path
) -> None:
    assert rules(build(tmp_path, {name: data}), project(tmp_path)) == {"DIFFERS"}


@pytest.mark.promise("BND-3")
def test_a_file_that_record_does_not_list_fails(tmp_path: Path) -> None:
    assert rules(build(tmp_path, unlisted={"arf_core/late.py": b"X = 1\n"})) == {"RECORD"}


@pytest.mark.promise("BND-3")
def test_a_file_under_the_name_of_another_project_fails(tmp_path: Path) -> None:
    assert "RECORD" in rules(build(tmp_path, name="arf_other-1.0-py3-none-any.whl"))


@pytest.mark.promise("BND-9")
def test_what_is_no_wheel_cannot_be_judged(tmp_path: Path) -> None:
    (tmp_path / "x.whl").write_bytes(b"no zip")
    with pytest.raises(WheelError, match=r"x\.whl"):
        scan_wheel(tmp_path / "x.whl", Settings(tmp_path))
    assert command.main(["--wheel", str(tmp_path / "x.whl")]) == 2
    assert command.main(["--wheel", str(build(tmp_path, {f"{INFO}/METADATA": None}))]) == 2


# -- the wheel of this repository
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that hatchling builds from the tree."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    command_line = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command_line, cwd=ROOT / "arf-core", capture_output=True, check=True)
    return next(folder.glob("*.whl"))


def replant(wheel: Path, folder: Path, name: str, more: bytes) -> Path:
    """The same wheel with ``more`` in one member (first in METADATA, else last), and an honest RECORD."""
    with zipfile.ZipFile(wheel) as archive:
        content = {entry: archive.read(entry) for entry in archive.namelist()}
    info = next(entry.partition("/")[0] for entry in content if entry.endswith("/METADATA"))
    member = name.replace("INFO", info)
    old = content.get(member, b"")
    content[member] = more + old if name.endswith("METADATA") else old + more
    del content[f"{info}/RECORD"]
    hashed = {n: base64.urlsafe_b64encode(hashlib.sha256(c).digest()).decode().rstrip("=") for n, c in content.items()}
    record = "\n".join([*(f"{n},sha256={h},{len(content[n])}" for n, h in hashed.items()), f"{info}/RECORD,,"])
    path = folder / wheel.name
    with zipfile.ZipFile(path, "w") as archive:
        for entry, data in {**content, f"{info}/RECORD": record.encode()}.items():
            archive.writestr(entry, data)
    return path


@pytest.mark.promise("BND-3")
def test_the_wheel_of_this_tree_is_clean(built: Path) -> None:
    assert scan_wheel(built, load(ROOT)).findings == ()


@pytest.mark.promise("BND-3")
@pytest.mark.parametrize(
    ("name", "more", "found"),
    [
        ("arf_core/act.py", b"import subprocess\n", {"PROCESS", "DIFFERS"}),
        ("arf_core/harmless.py", b"X = 1\n", {"DIFFERS"}),
        ("INFO/entry_points.txt", b"\n[arf.executors]\nkube = arf_core:Kube\n", {"ENTRY", "DIFFERS"}),
        ("INFO/METADATA", b"Requires-Dist: kubernetes\n", {"REQUIRES", "DIFFERS"}),
        ("INFO/METADATA", b"Requires-Dist: tabulate\n", {"DIFFERS"}),
    ],
)
def test_the_wheel_of_this_tree_with_something_added_fails(
    name: str, more: bytes, found: set[str], built: Path, tmp_path: Path
) -> None:
    wheel = replant(built, tmp_path, name, more)
    assert {finding.rule for finding in scan_wheel(wheel, load(ROOT)).findings} == found
