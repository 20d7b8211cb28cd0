# SPDX-License-Identifier: Apache-2.0
"""arf-core as people install it: a wheel alone, with nothing of Enterprise beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from email.parser import Parser
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OTHERS = ("arf_enterprise", "arf_mcp_client")
CHECK = f"""
import importlib.abc, json, sys
asked = []
class Absent(importlib.abc.MetaPathFinder):
    # This environment has the other distributions, too: whoever asks for one of them is told that it is not there.
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {OTHERS!r}:
            asked.append(name)
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import arf_core, arf_core.cli.main, arf_core.advisor
print(json.dumps({{
    "file": arf_core.__file__,
    "loaded": [name for name in sys.modules if name.split(".")[0] in {OTHERS!r}],
    "asked": asked,
}}))
"""


def call(*arguments: str, cwd: Path = ROOT, **environment: str) -> str:
    """Standard output of a Python of this environment; it must exit with 0."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the tree."""
    folder = tmp_path_factory.mktemp("wheel")
    call("-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=ROOT / "arf-core")
    (built,) = folder.glob("arf_core-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel alone installed; without pip it is unpacked, as pip does with a pure wheel."""
    folder = tmp_path_factory.mktemp("site")
    if find_spec("pip"):
        options = ("-q", "--disable-pip-version-check", "--no-deps", "--no-index")
        call("-m", "pip", "install", *options, "--target", str(folder), str(wheel))
    else:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    return folder


@pytest.mark.promise("BND-5")
def test_it_imports_without_enterprise_or_the_mcp_client(installed: Path, tmp_path: Path) -> None:
    seen = json.loads(call("-c", CHECK, cwd=tmp_path, PYTHONPATH=str(installed)))
    assert Path(seen["file"]).is_relative_to(installed)
    assert seen["loaded"] == []
    assert seen["asked"] == []


@pytest.mark.promise("BND-5")
def test_its_demo_runs_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    story = json.loads(call("-m", "arf_core.cli", "demo", "--json", cwd=tmp_path, PYTHONPATH=str(installed)))
    assert story["verified"]["ok"] is True
    assert story["tampered"]["ok"] is False


@pytest.mark.promise("BND-5")
def test_its_metadata_requires_nothing_of_enterprise(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode("utf-8"))
    required = metadata.get_all("Requires-Dist") or []
    assert required
    assert not [one for one in required if "arf" in one.lower()]


@pytest.mark.promise("BND-5")
def test_the_import_contracts_hold() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout
