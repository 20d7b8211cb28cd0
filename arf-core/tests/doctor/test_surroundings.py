# SPDX-License-Identifier: Apache-2.0
"""Settings and surroundings: what is wrong is named, and the command beside it mends it."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from arf_core.config.oss_config import OSSConfig
from arf_core.doctor import surroundings
from arf_core.doctor.around import Surroundings
from arf_core.doctor.examine import examine, mendable
from arf_core.doctor.finding import About, Finding, State, exit_code

WELL = Surroundings(
    environment={}, file=None, out=None, now=datetime(2026, 6, 1, tzinfo=UTC), zone=("UTC", True), encoding="utf-8"
)


def given(**environment: str) -> Surroundings:
    return replace(WELL, environment=environment)


@pytest.mark.promise("CLI-4")
def test_where_all_is_well_nothing_fails() -> None:
    found = examine(WELL)
    assert [finding for finding in found if finding.state is State.FAILED] == []
    assert exit_code(found) == 0
    assert {"sealed limits", "embedder", "search", "sealed intent"} <= {finding.check for finding in found}


@pytest.mark.promise("CLI-4")
def test_a_failed_check_always_has_a_command() -> None:
    with pytest.raises(ValueError, match="without a command"):
        Finding(check="x", about=About.SETTINGS, state=State.FAILED, found="broken")


@pytest.mark.promise("CLI-4")
@pytest.mark.parametrize(
    ("abouts", "code"),
    [
        ((), 0),
        ((About.INSTALLATION,), 1),
        ((About.SETTINGS,), 6),
        ((About.INSTALLATION, About.SETTINGS), 6),
        ((About.SETTINGS, About.DEPENDENCY), 7),
    ],
)
def test_the_exit_code_is_that_of_the_gravest_failure(abouts: tuple[About, ...], code: int) -> None:
    failed = [Finding(check="x", about=about, state=State.FAILED, found="broken", command="true") for about in abouts]
    warned = Finding(check="x", about=About.DEPENDENCY, state=State.WARNING, found="missing")
    assert exit_code([warned, *failed]) == code


@pytest.mark.promise("CLI-4")
@pytest.mark.parametrize(
    ("environment", "command"),
    [
        ({"ARF_LATENCY_CRITICAL": "fast"}, "unset ARF_LATENCY_CRITICAL"),
        ({"ARF_RECALL_LIMIT": "-1", "ARF_LATENCY_WARNING": "100"}, "unset ARF_RECALL_LIMIT"),
        ({"ARF_EXECUTION_ALLOWED": "true"}, "unset ARF_EXECUTION_ALLOWED"),
        ({"ARF_LATENCY_WARNING": "900"}, "unset ARF_LATENCY_WARNING"),
    ],
)
def test_a_wrong_variable_is_named_and_taking_it_back_mends_it(environment: dict[str, str], command: str) -> None:
    finding, loaded = surroundings.settings(given(**environment))
    assert (finding.state, finding.command, loaded) == (State.FAILED, command, None)
    for name in command.split()[1:]:
        del environment[name]
    assert surroundings.settings(given(**environment))[0].state is State.OK


@pytest.mark.promise("CLI-4")
def test_a_settings_file_that_is_missing_or_wrong_is_mended_by_its_command(tmp_path: Path) -> None:
    file = tmp_path / "arf.toml"
    around = replace(WELL, file=file)
    finding, _ = surroundings.settings(around)
    assert finding.command == f"arf doctor --fix --config {file}"
    ((named, content),) = mendable(around)
    assert named == file
    file.write_text(content, encoding="utf-8")
    assert surroundings.settings(around)[0].state is State.OK
    assert mendable(around) == ()
    file.write_text("latency_critical = 'fast'", encoding="utf-8")
    finding, _ = surroundings.settings(around)
    assert finding.command == f"mv {file} {file}.bad && arf doctor --fix --config {file}"


@pytest.mark.promise("CLI-4")
def test_a_policy_file_that_is_missing_gets_the_defaults_and_one_that_is_wrong_its_place(tmp_path: Path) -> None:
    file = tmp_path / "policies.yaml"
    around = given(ARF_POLICY_FILE=str(file))
    config = OSSConfig(policy_file=str(file))
    assert surroundings.policies(around, config).command == "arf doctor --fix"
    ((named, content),) = mendable(around)
    named.write_text(content, encoding="utf-8")
    assert surroundings.policies(around, config).state is State.OK
    file.write_text("policies: [", encoding="utf-8")
    wrong = surroundings.policies(around, config)
    assert wrong.state is State.FAILED
    assert "policies.yaml:" in wrong.found


@pytest.mark.promise("CLI-4")
def test_a_variable_that_means_nothing_is_a_warning_with_the_nearest_name() -> None:
    around = given(ARF_LATENCY_CRITICL="1", ARF_DEBUG="1", ARF_API_TOKEN="x", ARF_CURRENCY="EUR", HOME="/root")
    (finding,) = surroundings.variables(around)
    assert finding.state is State.WARNING
    assert finding.found.endswith("the nearest is ARF_LATENCY_CRITICAL")


@pytest.mark.promise("CLI-4")
def test_a_flag_that_is_wrong_is_the_one_to_take_back() -> None:
    finding = surroundings.flags(given(ARF_ENABLE_RECALL="yes", ARF_ENABLE_IMPACT="false"))
    assert finding.command == "unset ARF_ENABLE_RECALL"
    assert surroundings.flags(given(ARF_ENABLE_IMPACT="false")).found == "off: impact"
    conflict = surroundings.flags(given(ARF_ENABLE_IMPACT="false", ARF_FEATURES='{"impact": true}'))
    assert conflict.command == "unset ARF_ENABLE_IMPACT ARF_FEATURES"


@pytest.mark.promise("CLI-4")
def test_an_output_folder_is_there_and_writable_or_its_command_makes_it_so(tmp_path: Path) -> None:
    folder = tmp_path / "results and more"
    finding = surroundings.output(replace(WELL, out=folder))
    assert finding.command == f"mkdir -p '{folder}'"
    folder.mkdir()
    assert surroundings.output(replace(WELL, out=folder)).state is State.OK
    if os.geteuid() != 0:
        folder.chmod(0o500)
        assert surroundings.output(replace(WELL, out=folder)).state is State.FAILED


@pytest.mark.promise("CLI-4")
def test_a_clock_that_cannot_be_right_fails_and_an_unknown_zone_warns() -> None:
    early = replace(WELL, now=surroundings.RELEASED - timedelta(days=400), zone=("Mars/Olympus", False))
    clock, zone = surroundings.clock(early)
    assert (clock.state, zone.state) == (State.FAILED, State.WARNING)
    assert [finding.state for finding in surroundings.clock(WELL)] == [State.OK, State.OK]


def test_a_terminal_that_cannot_show_plots_is_a_warning() -> None:
    assert surroundings.terminal(replace(WELL, encoding="ascii")).command == "export PYTHONIOENCODING=utf-8"
    assert surroundings.terminal(replace(WELL, encoding="no-such")).state is State.WARNING


@pytest.mark.promise("CLI-4")
def test_a_part_that_does_not_work_is_named_and_the_others_are_tried() -> None:
    found = {finding.check: finding for finding in examine(given(ARF_EMBEDDER="no-such"))}
    assert found["embedder"].state is State.FAILED
    assert "no-such" in found["embedder"].found
    assert found["search"].state is State.OK
    assert exit_code(found.values()) == 6
