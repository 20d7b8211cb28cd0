# SPDX-License-Identifier: Apache-2.0
"""The limits of the open edition cannot be changed while it runs, nor by editing their file."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import arf_core
from arf_core import constants
from arf_core.canonical import digest
from arf_core.errors import BoundaryError


@pytest.mark.promise("BND-1")
def test_the_limits_are_those_of_the_plan() -> None:
    assert constants.MAX_INCIDENT_HISTORY == 1000
    assert constants.MAX_RAG_LOOKBACK_DAYS == 7
    assert constants.MCP_MODES_ALLOWED == ("advisory",)
    assert constants.EXECUTION_ALLOWED is False
    assert constants.GRAPH_STORAGE == "in_memory"


@pytest.mark.promise("BND-1")
@pytest.mark.parametrize("name", constants.LIMITS)
def test_assigning_or_deleting_a_limit_raises(name: str) -> None:
    before = getattr(constants, name)
    with pytest.raises(BoundaryError, match=name):
        setattr(constants, name, 10**6)
    with pytest.raises(BoundaryError, match=name):
        delattr(constants, name)
    assert getattr(constants, name) == before


@pytest.mark.promise("BND-1")
def test_the_seal_itself_cannot_be_taken_off() -> None:
    with pytest.raises(BoundaryError, match="__class__"):
        constants.__class__ = ModuleType


@pytest.mark.promise("BND-1")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("MAX_INCIDENT_HISTORY: Final = 1000", "MAX_INCIDENT_HISTORY: Final = 2000"),
        ("EXECUTION_ALLOWED: Final = False", "EXECUTION_ALLOWED: Final = True"),
        ('("advisory",)', '("advisory", "autonomous")'),
    ],
)
def test_an_edited_copy_refuses_to_import(tmp_path: Path, before: str, after: str) -> None:
    copy = tmp_path / "arf_core"
    shutil.copytree(Path(arf_core.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    file = copy / "constants.py"
    source = file.read_text(encoding="utf-8")
    assert source.count(before) == 1
    file.write_text(source.replace(before, after), encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-c", "import arf_core.constants"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "were edited" in ran.stderr


def test_the_digest_covers_every_limit() -> None:
    assert sorted(constants.limits()) == sorted(constants.LIMITS)
    for name in constants.LIMITS:
        changed = {**constants.limits(), name: "other"}
        assert digest("arf.oss-limits/1", changed) != constants.LIMITS_DIGEST
