# SPDX-License-Identifier: Apache-2.0
"""``arf policy``: what people see, which files are written, and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from arf_core.cli.main import run
from arf_core.policy.load import load

HEAD = "schema: arf.healing-policies/1\npolicies:\n"
BODY = "priority: 1, cooldown_s: 60, max_per_hour: 5"
GOOD = f"{HEAD}  - {{name: slow, when: latency_p99 > 500, actions: [restart_container], {BODY}}}\n"
WARNING = f"{HEAD}  - {{name: slow, when: error_rate > 5, actions: [rollback], {BODY}}}\n"
BROKEN = f"{HEAD}  - {{name: slow, when: eror_rate > 5, actions: [rolback], {BODY}}}\n"


@pytest.fixture
def starter(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert run(["policy", "init"]) == 0
    capsys.readouterr()
    return tmp_path / "policies.yaml"


def written(name: str, text: str) -> Path:
    file = Path(name)
    file.write_text(text, encoding="utf-8")
    return file


def document(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


@pytest.mark.promise("CLI-1")
@pytest.mark.parametrize("command", ["init", "fmt", "schema", "lint", "test", "explain", "simulate"])
def test_every_command_has_json_and_quiet_and_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["policy", command, "--help"]) == 0
    text = capsys.readouterr().out
    assert "--json" in text
    assert "--quiet" in text
    assert f"Example: arf policy {command}" in text


@pytest.mark.promise("POL-2")
def test_what_init_writes_passes_every_check(starter: Path) -> None:
    assert run(["policy", "lint", str(starter), "--strict"]) == 0
    assert run(["policy", "fmt", "--check", str(starter)]) == 0
    assert run(["policy", "test", str(starter), "--min-coverage", "100"]) == 0
    assert "#" in starter.read_text("utf-8")


def test_init_overwrites_nothing_unless_told_to(starter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    starter.write_text("mine", encoding="utf-8")
    assert run(["policy", "init"]) == 6
    assert "policies.yaml is there already" in capsys.readouterr().err
    assert starter.read_text("utf-8") == "mine"
    starter.unlink()
    assert run(["policy", "init"]) == 6, "the cases are there"
    assert not starter.exists()
    assert run(["policy", "init", "--force"]) == 0
    assert starter.exists()


@pytest.mark.promise("POL-2")
def test_lint_writes_file_line_column_code_and_message(capsys: pytest.CaptureFixture[str]) -> None:
    written("p.yaml", BROKEN)
    assert run(["policy", "lint", "p.yaml"]) == 6
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("p.yaml:3:24 P104 'eror_rate' is not known: ")
    assert lines[1].startswith("p.yaml:3:49 P105 the action is 'rolback': ")
    assert lines[2] == "1 files, 2 errors, 0 warnings"


@pytest.mark.parametrize("as_json", [[], ["--json"]])
@pytest.mark.parametrize(
    ("text", "strict", "code"), [(GOOD, [], 0), (WARNING, [], 0), (WARNING, ["--strict"], 6), (BROKEN, [], 6)]
)
def test_lint_exits_6_for_errors_and_for_warnings_if_strict(
    text: str, strict: list[str], code: int, as_json: list[str]
) -> None:
    written("p.yaml", text)
    assert run(["policy", "lint", "p.yaml", *strict, *as_json]) == code


def test_lint_of_several_files_and_folders_loses_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "sub/deep").mkdir(parents=True)
    written("sub/deep/a.yml", BROKEN)
    written("sub/b.yaml", GOOD)
    written("sub/other.yaml", "services: [web]\n")
    Path("latin.yaml").write_bytes(b"\xff")
    assert run(["policy", "lint", "sub", "latin.yaml", "--json"]) == 6
    found = document(capsys)
    assert found["files"] == ["sub/b.yaml", "sub/deep/a.yml", "latin.yaml"]
    assert [(one["file"], one["code"]) for one in found["problems"]] == [
        ("sub/deep/a.yml", "P104"),
        ("sub/deep/a.yml", "P105"),
        ("latin.yaml", "P101"),
    ]


def test_a_folder_without_policies_is_not_taken_for_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert run(["policy", "lint", "empty"]) == 6
    assert "has no policy file" in capsys.readouterr().err


def test_lint_can_mark_lines_in_a_pull_request(capsys: pytest.CaptureFixture[str]) -> None:
    written("p,x.yaml", WARNING)
    assert run(["policy", "lint", "p,x.yaml", "--format", "github"]) == 0
    line = capsys.readouterr().out.splitlines()[0]
    assert line.startswith("::warning file=p%2Cx.yaml,line=3,col=37,title=P204::error_rate is a share from 0 to 1")
    assert line.endswith("write 0.05 for 5 %25")


def test_quiet_lint_still_says_errors(capsys: pytest.CaptureFixture[str]) -> None:
    written("p.yaml", BROKEN)
    assert run(["policy", "lint", "p.yaml", "--quiet"]) == 6
    found = capsys.readouterr()
    assert found.out == ""
    assert "P104" in found.err


@pytest.mark.promise("POL-2")
def test_fmt_writes_the_one_layout_and_keeps_the_digest(capsys: pytest.CaptureFixture[str]) -> None:
    file = written("p.yaml", GOOD.replace("policies:", "policies:   # mine"))
    before = load(file.read_text("utf-8"), file="p.yaml").digest
    assert run(["policy", "fmt", "--check", "p.yaml"]) == 5
    assert run(["policy", "fmt", "--diff", "p.yaml"]) == 0
    assert "+policies:  # mine" in capsys.readouterr().out
    assert file.read_text("utf-8").count("\n") == 3, "--check and --diff write nothing"
    assert run(["policy", "fmt", "p.yaml"]) == 0
    assert load(file.read_text("utf-8"), file="p.yaml").digest == before
    assert run(["policy", "fmt", "--check", "p.yaml", "--json"]) == 0


def test_fmt_follows_a_link_and_keeps_it(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    written("real/p.yaml", GOOD)
    Path("link.yaml").symlink_to("real/p.yaml")
    assert run(["policy", "fmt", "link.yaml"]) == 0
    assert Path("link.yaml").is_symlink()
    assert Path("real/p.yaml").read_text("utf-8") != GOOD


def test_fmt_of_several_files_writes_none_if_one_does_not_load() -> None:
    written("a.yaml", GOOD)
    written("b.yaml", BROKEN)
    assert run(["policy", "fmt", "a.yaml", "b.yaml"]) == 6
    assert Path("a.yaml").read_text("utf-8") == GOOD


@pytest.mark.promise("POL-2")
@pytest.mark.parametrize("as_json", [[], ["--json"], ["--quiet"]])
def test_test_exits_5_for_a_failed_case_and_for_low_coverage(
    starter: Path, as_json: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    cases = starter.with_name("policies.cases.yaml")
    text = cases.read_text("utf-8")
    few = "\n".join(text.splitlines()[:9]) + "\n"
    cases.write_text(few, encoding="utf-8")
    assert run(["policy", "test", str(starter), *as_json]) == 0
    assert run(["policy", "test", str(starter), "--min-coverage", "90", *as_json]) == 5
    written("bad.yaml", few.replace("[rollback, alert_team]", "[alert_team, rollback]"))
    capsys.readouterr()
    assert run(["policy", "test", str(starter), "--cases", "bad.yaml", "--junit", "out.xml", *as_json]) == 5
    found = capsys.readouterr()
    assert "expected alert_team, rollback, got rollback, alert_team" in found.out + found.err
    assert fromstring(Path("out.xml").read_bytes()).attrib["failures"] == "1"


def test_test_says_which_rules_no_case_covers(starter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = written("few.yaml", "\n".join(starter.with_name("policies.cases.yaml").read_text("utf-8").splitlines()[:9]))
    assert run(["policy", "test", str(starter), "--cases", str(cases)]) == 0
    out = capsys.readouterr().out
    assert "not covered: " in out
    assert "never true, never offered" in out


@pytest.mark.promise("POL-2")
def test_explain_is_one_sentence_with_rule_file_line_and_change(
    readings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = written("mine.yaml", GOOD)
    assert run(["policy", "explain", str(readings), "--action", "restart_container", "--policy", str(policy)]) == 0
    found = capsys.readouterr()
    assert found.out.splitlines()[1] == (
        "  restart_container is recommended for api by slow (mine.yaml:3): latency_p99 is 900 (> 500); "
        "it would not be, were latency_p99 at most 500 ms."
    )
    assert "latency_p99 is -5" in found.err, "what could not be read is said"


@pytest.mark.promise("POL-2")
def test_explain_gives_the_change_as_values(webhook: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["policy", "explain", str(webhook), "--action", "rollback", "--json"]) == 0
    (found,) = document(capsys)["explanations"]
    assert (found["recommended"], found["file"], found["line"]) == (False, "defaults.yaml", 15)
    assert found["change"]["values"][0]["edge"] == 0.3


def test_explain_can_ask_about_one_incident_or_component(readings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = ["policy", "explain", str(readings), "--action", "rollback"]
    assert run([*base, "--json"]) == 0
    (found,) = document(capsys)["explanations"]
    assert run([*base, "--incident", found["incident_id"], "--component", "api"]) == 0
    assert run([*base, "--incident", "inc_none"]) == 6
    assert found["incident_id"] in capsys.readouterr().err
    assert run([*base, "--component", "nobody"]) == 6
    assert "it is about api" in capsys.readouterr().err


def test_explain_of_normal_readings_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    written("calm.json", '{"component": "api", "timestamp": "2026-01-02T03:04:05Z", "latency_p99": 20}')
    assert run(["policy", "explain", "calm.json", "--action", "rollback"]) == 0
    assert capsys.readouterr().out == "nothing is abnormal in 1 records\n"


@pytest.mark.promise("POL-2")
def test_simulate_lists_what_changes_and_can_fail_for_it(readings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written("new.yaml", GOOD)
    base = ["policy", "simulate", "--policy", "new.yaml", str(readings)]
    assert run(base) == 0
    out = capsys.readouterr().out
    assert "removed circuit_breaker api: no rule of new.yaml has this action for api" in out
    assert out.splitlines()[-1].startswith("1 of 1 decisions change: ")
    assert run([*base, "--fail-on-change", "--json"]) == 5
    assert document(capsys)["counts"]["removed"] == 2
    assert run([*base, "--against", "new.yaml", "--fail-on-change"]) == 0
    assert "equal digests" in capsys.readouterr().out


def test_simulate_reads_several_files(readings: Path, webhook: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written("new.yaml", GOOD)
    assert run(["policy", "simulate", "--policy", "new.yaml", str(readings), str(webhook), "--json"]) == 0
    assert document(capsys)["decided"] == 2


@pytest.mark.parametrize(
    "command",
    [
        ["lint", "none.yaml"],
        ["fmt", "none.yaml"],
        ["test", "none.yaml"],
        ["test", "good.yaml"],
        ["explain", "none.json", "--action", "rollback"],
        ["explain", "good.yaml", "--action", "rollback"],
        ["simulate", "--policy", "none.yaml", "good.yaml"],
        ["init", "no/such/folder/p.yaml"],
        ["schema", "nothing"],
    ],
    ids=" ".join,
)
def test_bad_input_is_one_message_and_exit_6(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    written("good.yaml", GOOD)
    assert run(["policy", *command]) == 6
    err = capsys.readouterr().err
    assert err.startswith("error ARF-1")
    assert "Traceback" not in err
