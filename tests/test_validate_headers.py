# SPDX-License-Identifier: Apache-2.0
"""Licence headers, and the licence text that distributions carry."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEADER = "# SPDX-License-Identifier: Apache-2.0\n"
MANIFEST = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "made"
version = "1"
license = "Apache-2.0"
license-files = ["LICENSE"]
[tool.hatch.build.targets.wheel]
packages = ["made"]
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts/validate_headers.py"), "--directory", str(folder)]
    return subprocess.run([*command, "--license", "apache2", *arguments], capture_output=True, text=True, check=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small distribution with everything in order."""
    (tmp_path / "made").mkdir()
    (tmp_path / "made/__init__.py").write_text(HEADER, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(MANIFEST, encoding="utf-8")
    (tmp_path / "LICENSE").write_bytes((ROOT / "LICENSE").read_bytes())
    return tmp_path


@pytest.mark.promise("BND-6")
def test_arf_core_states_its_licence_everywhere_and_ships_its_text() -> None:
    ran = run(ROOT / "arf-core", "--json")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    answer = json.loads(ran.stdout)
    assert answer["violations"] == []
    assert answer["built"] == 2
    assert answer["files"] > 100


@pytest.mark.promise("BND-6")
def test_a_project_in_order_passes(project: Path) -> None:
    assert run(project).returncode == 0


@pytest.mark.promise("BND-6")
@pytest.mark.parametrize("header", ["", "# SPDX-License-Identifier: MIT\n", "\n\n\n" + HEADER])
def test_a_missing_wrong_or_late_header_is_named(project: Path, header: str) -> None:
    (project / "made/other.py").write_text(header + "X = 1\n", encoding="utf-8")
    ran = run(project, "--no-build")
    assert ran.returncode == 1
    assert "made/other.py:1 states" in ran.stdout


def test_fix_writes_missing_headers_after_a_shebang_and_leaves_others_alone(project: Path) -> None:
    script, foreign = project / "made/tool.py", project / "made/foreign.py"
    script.write_text("#!/usr/bin/env python3\nX = 1\n", encoding="utf-8")
    foreign.write_text("# SPDX-License-Identifier: MIT\n", encoding="utf-8")
    assert run(project, "--no-build", "--fix").returncode == 1
    assert script.read_text(encoding="utf-8") == f"#!/usr/bin/env python3\n{HEADER}X = 1\n"
    assert foreign.read_text(encoding="utf-8") == "# SPDX-License-Identifier: MIT\n"


@pytest.mark.promise("BND-6")
def test_a_built_distribution_without_its_text_is_named(project: Path) -> None:
    (project / "pyproject.toml").write_text(MANIFEST.replace('license-files = ["LICENSE"]', "license-files = []"))
    ran = run(project)
    assert ran.returncode == 1
    assert "carries 0 licence texts" in ran.stdout


def test_a_linked_or_altered_licence_is_named(project: Path) -> None:
    (project / "LICENSE").write_text("do what you like", encoding="utf-8")
    assert "differs from LICENSE" in run(project, "--no-build").stdout
    (project / "LICENSE").unlink()
    (project / "LICENSE").symlink_to(ROOT / "LICENSE")
    assert "not a file of its own" in run(project, "--no-build").stdout


@pytest.mark.promise("BND-9")
def test_a_folder_without_python_files_could_not_be_checked(tmp_path: Path) -> None:
    ran = run(tmp_path)
    assert ran.returncode == 2
    assert "nothing was checked" in ran.stderr
