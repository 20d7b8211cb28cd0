# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The broker: secrets come from where they are kept, and go nowhere else."""

from __future__ import annotations

import os
import time
import traceback
from pathlib import Path

import pytest

from arf_enterprise.errors import SettingError
from arf_enterprise.targets.broker import COMMANDS, MOST, read

SECRET = "s3cret-of-the-test"


def script(folder: Path, text: str) -> tuple[str, dict[str, str]]:
    """A program, and an environment whose operator allows it."""
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path), {COMMANDS: f"/usr/bin/other:{path}", "LEAK": SECRET, "HOME": "/tmp"}


def refused(reference: str, environment: dict[str, str] | None = None, patience_s: float = 10) -> str:
    """The message of the refusal, after it was checked that the secret is nowhere in it."""
    with pytest.raises(SettingError) as caught:
        read(reference, environment=environment or {}, patience_s=patience_s)
    shown = "".join(traceback.format_exception(caught.value))
    assert SECRET not in shown.replace(f'"{SECRET}"', "")
    return str(caught.value)


def test_a_secret_is_read_from_a_file_a_variable_and_a_program(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    program, allowed = script(tmp_path, 'printf "%s\\n" "$1$2"')
    assert read(f"file:{file}", environment={}) == SECRET
    assert read("env:TOKEN", environment={"TOKEN": SECRET}) == SECRET
    assert read("env:ARF_CREDENTIAL_X", environment={"ARF_CREDENTIAL_X": SECRET}) == SECRET
    assert read(f"command:{program} 'a b' \"$HOME;id\"", environment=allowed) == "a b$HOME;id"


def test_a_certificate_keeps_its_lines(tmp_path: Path) -> None:
    (tmp_path / "pem").write_text("-----BEGIN-----\nabc\n-----END-----\n")
    assert read(f"file:{tmp_path}/pem", environment={}) == "-----BEGIN-----\nabc\n-----END-----"


@pytest.mark.parametrize(
    "text", [SECRET, "", "file:secret", "env:A-B", "http://h/", f"vault:{SECRET}", f"file:/a\n{SECRET}"]
)
def test_what_is_no_reference_is_refused_and_not_repeated(text: str) -> None:
    assert "a credential is not a reference" in refused(text)


def test_what_cannot_be_read_says_what_it_is(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_text(SECRET * MOST)
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(SECRET.encode() + b"\xff")
    (tmp_path / "control").write_bytes(SECRET.encode() + b"\x1b[2J")
    for name, told in {
        "missing": "No such file",
        "pipe": "not a plain file",
        "large": "larger than",
        "empty": "is empty",
        "binary": "not UTF-8",
        "control": "cannot be printed",
    }.items():
        assert told in refused(f"file:{tmp_path}/{name}")
    assert "is not set" in refused("env:NOWHERE")


def test_arfs_own_secrets_cannot_be_sent_to_a_target(tmp_path: Path) -> None:
    """Who may write the inventory of a tenant must not get at the installation's keys by it."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/audit-key.pem").write_text(SECRET)
    (tmp_path / "link").symlink_to(tmp_path / "data/audit-key.pem")
    (tmp_path / "passphrase").write_text(SECRET)
    own = {"ARF_DATA": str(tmp_path / "data"), "ARF_DATABASE_URL": SECRET, "ARF_LICENSE_KEY": SECRET}
    own["ARF_AUDIT_PASSPHRASE_FILE"] = str(tmp_path / "passphrase")
    for name in ("data/audit-key.pem", "data/../data/audit-key.pem", "link", "passphrase"):
        assert "ARF's own" in refused(f"file:{tmp_path}/{name}", own)
    assert "cannot be printed" in refused("file:/proc/self/environ", own)
    for name in ("ARF_DATABASE_URL", "ARF_LICENSE_KEY"):
        assert "ARF's own" in refused(f"env:{name}", own)


def test_a_program_that_the_operator_did_not_name_is_not_run(tmp_path: Path) -> None:
    program, _ = script(tmp_path, f"touch {tmp_path}/ran")
    for environment in ({}, {COMMANDS: ""}, {COMMANDS: "/usr/bin/true"}, {COMMANDS: f"{program}x"}):
        assert COMMANDS in refused(f"command:{program}", environment)
    assert not (tmp_path / "ran").exists()


def test_a_program_sees_nothing_of_arfs_environment(tmp_path: Path) -> None:
    program, allowed = script(tmp_path, "env | cut -d= -f1 | sort | tr '\\n' ' '")
    assert set(read(f"command:{program}", environment=allowed).split()) <= {"HOME", "LANG", "PATH", "PWD", "SHLVL", "_"}


def test_a_program_that_fails_hangs_or_floods_is_given_up_and_its_arguments_are_not_told(tmp_path: Path) -> None:
    program, allowed = script(tmp_path, f'echo {SECRET}; [ "$1" = {SECRET} ] && exit 3; sleep 1000 & wait')
    assert "ended with 3" in refused(f"command:{program} {SECRET}", allowed)
    assert "did not end within 0.5 s" in refused(f"command:{program}", allowed, 0.5)
    program, allowed = script(tmp_path, f"while :; do echo {SECRET}; done")
    assert "larger than" in refused(f"command:{program}", allowed)
    program, allowed = script(tmp_path, "exec 1>&-; sleep 1000")
    assert "did not end" in refused(f"command:{program}", allowed, 0.5)
    assert "a quote is open" in refused(f"command:{program} 'x", allowed)


def test_what_a_program_leaves_behind_is_ended(tmp_path: Path) -> None:
    program, allowed = script(tmp_path, f"sleep 1000 >/dev/null & echo $! > {tmp_path}/child; echo {SECRET}")
    assert read(f"command:{program}", environment=allowed) == SECRET
    child, end = int((tmp_path / "child").read_text()), time.monotonic() + 10
    while time.monotonic() < end and _runs(child):
        time.sleep(0.02)
    assert not _runs(child)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
