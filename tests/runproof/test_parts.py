# SPDX-License-Identifier: Apache-2.0
"""The parts of the run proof: names, snapshots, limits of the lists, the log of strace, the report."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from types import CodeType, ModuleType

import pytest

from runproof import after, commands, listed
from runproof.finding import Finding, Line, read_report
from runproof.names import Name, modules_of, public_names, stale, untouched
from runproof.namespace import judge

SOURCE = """
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache, cached_property
from os.path import join

@dataclass(frozen=True, slots=True)
class Value:
    x: int

    @cached_property
    def kept(self): return 1

class Colour(Enum):
    RED = 1

@lru_cache
def cached(): return join("a", "b")

def plain(): return _private()

def _private():
    def inner(): pass
    return inner
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A small package with one of each kind of name."""
    (tmp_path / "made_package").mkdir()
    (tmp_path / "made_package" / "__init__.py").write_text("", "utf-8")
    (tmp_path / "made_package" / "part.py").write_text(SOURCE.replace(", slots=True", ""), "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.startswith("made_package")]:
        monkeypatch.delitem(sys.modules, name)
    return importlib.import_module("made_package")


def names_of(package: ModuleType) -> dict[str, Name]:
    """The public names, without the package's own name."""
    return {name.full.removeprefix("made_package.part."): name for name in public_names(modules_of(package))}


def test_every_kind_of_public_name_is_found_and_nothing_else(package: ModuleType) -> None:
    assert sorted(names_of(package)) == ["Colour", "Value", "Value.kept", "cached", "plain"]


def test_what_did_not_run_is_named_and_an_enumeration_has_nothing_to_run(package: ModuleType) -> None:
    names = names_of(package).values()
    left = [name.full.rpartition("part.")[2] for name in untouched(names, [], {})]
    assert sorted(left) == ["Value", "Value.kept", "cached", "plain"]


def test_a_class_is_touched_by_its_generated_init_and_a_function_behind_its_cache(package: ModuleType) -> None:
    part = importlib.import_module("made_package.part")
    ran: list[CodeType] = [part.Value.__init__.__code__, part.cached.__wrapped__.__code__]
    left = [name.full.rpartition("part.")[2] for name in untouched(names_of(package).values(), ran, {})]
    assert sorted(left) == ["Value.kept", "plain"]


def test_an_exclusion_excludes_and_is_stale_where_it_excludes_nothing(package: ModuleType) -> None:
    names = names_of(package).values()
    part = importlib.import_module("made_package.part")
    excluded = {"made_package.part.Value": "why", "made_package.part.plain": "why", "made_package.part.none": "why"}
    assert [name.full for name in untouched(names, [], excluded)] == ["made_package.part.cached"]
    assert stale(names, [part.plain.__code__], excluded) == ("made_package.part.plain", "made_package.part.none")


def test_a_snapshot_sees_what_is_new_gone_and_changed_but_not_the_outputs(tmp_path: Path) -> None:
    for name in ("gone", "changed"):
        (tmp_path / name).write_text("x", "utf-8")
    (tmp_path / "out").mkdir()
    before = after.snapshot([tmp_path], but=tmp_path / "out")
    (tmp_path / "gone").unlink()
    (tmp_path / "changed").write_text("xy", "utf-8")
    (tmp_path / "new").write_text("x", "utf-8")
    (tmp_path / "out" / "result").write_text("x", "utf-8")
    found = {
        Path(f.where).name: f.what.split(",")[0]
        for f in after.changes(before, after.snapshot([tmp_path], but=tmp_path / "out"))
    }
    assert found.items() >= {"gone": "gone", "changed": "changed", "new": "new"}.items()
    assert "result" not in found


def test_the_limits_are_what_their_file_says() -> None:
    assert list(after.limits()) == []


def test_a_command_or_option_that_no_successful_run_uses_is_missing() -> None:
    assert commands.missing() == ()
    fewer = tuple(run for run in commands.RUNS if "--strict" not in run.line and not run.line.startswith("receipt"))
    assert {"arf analyze --strict", "arf receipt"} <= set(commands.missing(fewer))


@pytest.mark.parametrize(
    "name", ["subprocess", "os.path.subprocess", "http.client", "ctypes.util", "importlib", "pickle"]
)
def test_arf_core_may_not_import_what_can_act(name: str) -> None:
    assert listed.is_forbidden_to_arf(name) is (not name.startswith("os."))


@pytest.mark.parametrize(
    "name", ["importlib.resources", "importlib.resources.abc", "threading.Lock", "json", "tempfile"]
)
def test_arf_core_may_import_what_it_needs(name: str) -> None:
    assert not listed.is_forbidden_to_arf(name)


def test_every_exception_has_a_reason() -> None:
    for table in (listed.IMPORTS, listed.NATIVE, listed.ATTRIBUTES, listed.EXCLUDED, listed.EXCLUDED_WITHOUT_PILLOW):
        assert all(len(reason) > 5 for reason in table.values())


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ('7 execve("/bin/true", ["true"], 0x7f /* 3 vars */) = 0', "execve"),
        ("7 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3", "socket"),
        ("7 connect(3, {sa_family=AF_INET, sin_port=htons(9)}, 16) = -1 ECONNREFUSED", "connect"),
        ('7 openat(AT_FDCWD, "/etc/x", O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0666) = 4', "openat"),
        ('7 rename("/tmp/run/out/a", "/etc/a") = 0', "rename"),
        ("7 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD) = 8", "clone"),
        ("7 kill(7, 0) = 0", "kill"),
    ],
)
@pytest.mark.promise("BND-9")
def test_a_log_of_strace_shows_what_may_not_be(line: str, kind: str) -> None:
    start = '7 execve("/usr/bin/python", ["python"], 0x7f /* 3 vars */) = 0'
    assert [finding.kind for finding in judge([start, line], Path("/tmp/run/out"))] == [kind]


@pytest.mark.parametrize(
    "line",
    [
        '7 openat(AT_FDCWD, "/etc/x", O_RDONLY|O_CLOEXEC) = 4',
        '7 openat(AT_FDCWD, "/tmp/run/out/a", O_WRONLY|O_CREAT, 0666) = 4',
        '7 openat(AT_FDCWD, "/dev/null", O_WRONLY) = 4',
        '7 rename("/tmp/run/out/a", "/tmp/run/out/b") = 0',
        "7 clone3({flags=CLONE_VM|CLONE_FS|CLONE_THREAD|CLONE_SETTLS}, 88) = 8",
        "7 +++ exited with 0 +++",
    ],
)
def test_a_log_of_strace_may_show_reading_threads_and_outputs(line: str) -> None:
    assert list(judge([line], Path("/tmp/run/out"))) == []


def test_a_report_that_broke_off_is_told_from_one_that_ended() -> None:
    reading, writing = os.pipe()
    finding = Finding(kind="open", what="x", where="a.py:1")
    Line(writing).tell(finding)
    Line(writing).end({"modules": 1})
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        lines = pipe.read()
    assert read_report(lines).findings == (finding,)
    assert read_report(lines).ended
    assert not read_report(lines.splitlines(keepends=True)[0]).ended
