# SPDX-License-Identifier: Apache-2.0
"""The run proof holds for this tree, and fails for a tree that acts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runproof import main
from runproof.child import package_folder
from runproof.finding import Finding, Report
from runproof.namespace import Isolated, isolated
from runproof.parent import Heard, broken_off, run_drive
from runproof.plants import INNOCENT, PLANTS

SCRIPT = Path(__file__).resolve().parent.parent.parent / "scripts" / "prove_run.py"
ANCHOR = '    return {\n        "edition": "oss",'
ACT = '    import subprocess\n    subprocess.run(["true"])\n'


def prove(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the script as people do."""
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
        env={**os.environ, **environment},
    )


@pytest.fixture(scope="module")
def proof() -> Any:
    """The whole proof of this tree, as JSON."""
    done = prove("--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.mark.promise("BND-4")
def test_the_whole_public_api_and_cli_only_computes_reads_and_writes_its_outputs(proof: Any) -> None:
    assert proof["proven"] is True
    assert proof["findings"] == []
    assert proof["drive"]["public_names"] == proof["drive"]["touched"] + len(untouched_names(proof))


def untouched_names(proof: Any) -> list[str]:
    """What the exclusions exclude: four protocols with their methods."""
    assert len(proof["drive"]["excluded"]) <= 5
    return proof["drive"]["untouched_excluded"]  # type: ignore[no-any-return]


@pytest.mark.promise("BND-9")
def test_it_says_how_much_it_drove_and_saw(proof: Any) -> None:
    figures = proof["drive"]
    assert figures["modules"] > 100
    assert figures["public_names"] > 400
    assert figures["commands"] >= 10
    assert figures["command_lines"] > 50
    assert figures["events"]["open"] > 100
    assert figures["events"]["import"] > 100


@pytest.mark.promise("BND-9")
def test_every_planted_escape_was_caught_by_its_own_detector(proof: Any) -> None:
    assert proof["plants"] == {"caught": list(PLANTS), "missed": []}
    assert len(PLANTS) > 50


@pytest.mark.promise("BND-4")
@pytest.mark.parametrize("name", ["popen", "socket_connect", "left_write"])
def test_a_plant_by_itself_exits_1_and_names_the_event(name: str) -> None:
    done = prove("--plant", name)
    assert done.returncode == 1, done.stderr
    assert PLANTS[name].kind in done.stdout


def test_the_innocent_control_exits_0_and_nothing_is_said() -> None:
    done = prove("--plant", INNOCENT)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.promise("BND-9")
def test_a_proof_in_which_no_plant_was_caught_could_not_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    silent = Heard(report=Report(), code=1, errors="arf_core is not installed")
    monkeypatch.setattr(main, "run_plant", lambda _name: silent)
    assert main.prove([]) == 2
    assert "no planted escape was caught: arf_core is not installed" in capsys.readouterr().err


def test_one_plant_that_is_missed_violates(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def heard(name: str) -> Heard:
        kind = "other" if name == "fork" else PLANTS[name].kind if name in PLANTS else ""
        finding = Finding(kind=kind, what="", where="")
        return Heard(report=Report(findings=(finding,) if kind else (), ended=True), code=0, errors="")

    driven = Heard(report=Report(figures={"modules": 1}, ended=True), code=0, errors="")
    monkeypatch.setattr(main, "run_plant", heard)
    monkeypatch.setattr(main, "run_drive", lambda: driven)
    assert main.prove([]) == 1
    assert "planted escape not caught: fork (os.fork)" in capsys.readouterr().out


def test_a_drive_that_breaks_off_violates() -> None:
    (finding,) = broken_off(Heard(report=Report(), code=-9, errors="first\nlast"))
    assert (finding.kind, finding.what) == ("broken off", "exit -9: last")


@pytest.mark.promise("BND-4")
def test_without_a_network_and_under_strace_nothing_else_is_found() -> None:
    again = isolated()
    if again.not_run:
        pytest.skip(f"NOT RUN: {again.not_run}")
    assert again.findings == ()
    assert again.calls > 100
    assert "socket" in again.planted


def test_a_second_drive_that_cannot_run_says_so_loudly() -> None:
    (line,) = Isolated(not_run="strace is not installed").lines()
    assert line.startswith("NOT RUN: ")
    assert "strace is not installed" in line


@pytest.fixture(scope="module")
def smuggled(tmp_path_factory: pytest.TempPathFactory) -> Heard:
    """The drive of a copy of arf_core in which ``capabilities`` starts a process and a public function is added."""
    folder = tmp_path_factory.mktemp("copy")
    copy = folder / "arf_core"
    shutil.copytree(package_folder(), copy, ignore=shutil.ignore_patterns("__pycache__"))
    file = copy / "capabilities.py"
    text = file.read_text("utf-8")
    assert ANCHOR in text
    file.write_text(text.replace(ANCHOR, ACT + ANCHOR) + "\n\ndef added() -> None:\n    pass\n", "utf-8")
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(folder)
    try:
        return run_drive()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


@pytest.mark.promise("BND-4")
def test_a_process_smuggled_into_a_copy_is_caught_with_file_and_line(smuggled: Heard) -> None:
    found = [finding for finding in smuggled.report.findings if finding.kind == "import"]
    assert found
    assert "subprocess" in found[0].what
    file, line = found[0].where.rsplit(":", 1)
    assert file.endswith("arf_core/capabilities.py")
    assert "import subprocess" in Path(file).read_text("utf-8").splitlines()[int(line) - 1]


@pytest.mark.promise("BND-9")
def test_a_public_name_that_the_drive_does_not_touch_fails_it(smuggled: Heard) -> None:
    untouched = [finding.what for finding in smuggled.report.findings if finding.kind == "untouched"]
    assert any("arf_core.capabilities.added " in what for what in untouched)
