# SPDX-License-Identifier: Apache-2.0
"""docs/hand-off.md does what it prints: its commands and its program run as they stand."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from arf_mcp_client.client import oss
from played.enterprise import TOKEN, PlayedEnterprise

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/hand-off.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}[^\n]*\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.promise("DOC-1")
def test_every_command_and_program_of_the_page_runs_as_printed(played: PlayedEnterprise, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "ARF_ENTERPRISE_URL": played.url,
        "ARF_ENTERPRISE_TOKEN": TOKEN,
    }
    commands = [block for block in blocks("sh") if not block.startswith("pytest")]
    (program,) = blocks("python")
    (tmp_path / "program.py").write_text(program)
    script = "set -eu\n" + "".join([*commands, "python program.py\n"])
    ran = subprocess.run(
        ["sh", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "sent     intent_" in ran.stdout
    assert "0 still waiting" in ran.stdout
    assert ran.stdout.splitlines()[-1].startswith("succeeded True aud_")


def test_the_example_of_the_client_is_true() -> None:
    assert doctest.testmod(oss).attempted >= 3
    assert doctest.testmod(oss).failed == 0
