# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The starter of the embedded Postgres: who it runs as, who may start it, how it ends, and what it never does."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from arf_enterprise.errors import StoreSetupError
from arf_enterprise.stores.postgres.binaries import NOBODY, user_for
from arf_enterprise.stores.postgres.embedded import running

IS_ROOT = os.geteuid() == 0
ONLY_ROOT = pytest.mark.skipif(not IS_ROOT, reason="only root can be several users")
SECRET = "planted-secret-7f3a"
PATIENCE_S = 60.0
STARTER = """
import sys
from pathlib import Path
from arf_enterprise.stores.postgres.embedded import running
with running(Path(sys.argv[1])) as server:
    print(server.pid, server.is_guest, server.url("arf_owner"), flush=True)
    sys.stdin.read()
"""


def plain_python() -> str:
    """An interpreter that nobody can run, with this one's packages."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (sys.executable, f"/usr/bin/{version}"):
        try:
            done = subprocess.run([candidate, "-c", ""], user=NOBODY, group=NOBODY, extra_groups=[], check=False)
        except OSError:
            continue
        if done.returncode == 0:
            return candidate
    pytest.skip("no interpreter of this version that an unprivileged user can run")


@contextmanager
def starter(folder: Path, *, uid: int | None = None) -> Iterator[tuple[subprocess.Popen[str], int, str]]:
    """A process that runs the server in ``folder``, as user ``uid``; the server's pid and an owner's URL."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), "ARF_LICENSE_KEY": SECRET}
    process = subprocess.Popen(
        [sys.executable if uid is None else plain_python(), "-c", STARTER, str(folder)],
        env={**environment, "HOME": str(folder)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        user=uid, group=uid, extra_groups=None if uid is None else [],
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        pid, _, url = process.stdout.readline().split()
        yield process, int(pid), url
    finally:
        process.stdin.close()
        process.wait(timeout=PATIENCE_S)
        process.stdout.close()


def wait_until(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.005)


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def owner_of(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


@pytest.fixture(scope="module")
def template(reachable: Path) -> Path:
    """A folder with a database that was made, and stopped: copied where a test needs one of its own."""
    folder = reachable / "template"
    with running(folder):
        pass
    return folder


@pytest.fixture
def made(template: Path, folder: Path) -> Path:
    """A database that is not running, of the test's own."""
    copied = folder / "postgres"
    shutil.copytree(template, copied)
    owner = (template / "data").stat()
    for place in (copied / "data", *(copied / "data").rglob("*")):
        os.chown(place, owner.st_uid, owner.st_gid)
    return copied


def test_what_was_committed_is_there_after_a_restart(made: Path) -> None:
    with running(made) as server, psycopg.connect(server.url("arf_owner")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with running(made) as server, psycopg.connect(server.url("arf_owner")) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


@ONLY_ROOT
def test_as_root_the_server_runs_as_nobody(made: Path) -> None:
    with running(made) as server:
        assert owner_of(server.pid) == NOBODY


@ONLY_ROOT
def test_as_root_data_that_exists_is_run_by_its_owner(made: Path) -> None:
    other = pwd.getpwnam("daemon")
    for place in (made / "data", *(made / "data").rglob("*")):
        os.chown(place, other.pw_uid, other.pw_gid)
    with running(made) as server:
        assert owner_of(server.pid) == other.pw_uid


@ONLY_ROOT
@pytest.mark.parametrize(("uid", "says"), [(0, "does not run as root"), (54_321, "no entry in /etc/passwd")])
def test_data_of_root_or_of_a_user_without_a_name_is_refused(folder: Path, uid: int, says: str) -> None:
    (folder / "data").mkdir()
    os.chown(folder / "data", uid, uid)
    with pytest.raises(StoreSetupError, match=says):
        user_for(folder / "data")


@ONLY_ROOT
def test_a_plain_user_runs_it_as_themselves(folder: Path) -> None:
    os.chown(folder, NOBODY, NOBODY)
    with starter(folder / "postgres", uid=NOBODY) as (_, pid, url), psycopg.connect(url) as connection:
        assert owner_of(pid) == NOBODY
        assert connection.execute("SELECT current_user").fetchone() == ("arf_owner",)
    assert (folder / "postgres/credentials.json").stat().st_uid == NOBODY


@ONLY_ROOT
def test_a_folder_that_the_servers_user_cannot_enter_is_said_and_never_opened(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(StoreSetupError, match=r"cannot enter .*: a folder above is closed"), running(closed / "a/b"):
        pass
    assert closed.stat().st_mode & 0o777 == 0o700


def test_folders_that_are_made_can_be_entered_whatever_the_umask(folder: Path) -> None:
    before, parent = os.umask(0o077), folder.stat().st_mode
    try:
        with running(folder / "new/deeper") as server:
            assert server.port
    finally:
        os.umask(before)
    assert (folder / "new").stat().st_mode & 0o777 == 0o711
    assert folder.stat().st_mode == parent


def test_what_is_secret_is_closed(made: Path) -> None:
    with running(made) as server:
        assert (made / "credentials.json").stat().st_mode & 0o777 == 0o600
        assert (made / "data").stat().st_mode & 0o777 == 0o700
        assert not any(password in repr(server) for password in server.passwords.values())


def test_no_secret_reaches_the_server_process(folder: Path) -> None:
    with starter(folder / "postgres") as (_, pid, url):
        passwords = (folder / "postgres/credentials.json").read_text().split('"')[3::4]
        assert any(password in url for password in passwords)
        for secret in (SECRET, *passwords):
            assert secret.encode() not in Path(f"/proc/{pid}/environ").read_bytes()
            assert secret.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
            assert secret not in (folder / "postgres/log").read_text()
    open_to_others = [file for file in (folder / "postgres").iterdir() if file.is_file() and file.stat().st_mode & 0o4]
    assert [file.name for file in open_to_others] == ["log"]


def test_credentials_that_are_open_to_others_missing_or_altered_are_refused(made: Path) -> None:
    file = made / "credentials.json"
    content = file.read_text()
    file.chmod(0o644)
    with pytest.raises(StoreSetupError, match="chmod 600"), running(made):
        pass
    file.chmod(0o600)
    for wrong in ('{"postgres": "a", "postgres": "b"}', '{"postgres": "a"}', "[]", ""):
        file.write_text(wrong)
        with pytest.raises(StoreSetupError, match="restore it from the backup"), running(made):
            pass
    file.write_text(content.replace('"postgres":"', '"postgres":"x'))
    with pytest.raises(StoreSetupError, match="not of one backup"), running(made):
        pass
    file.unlink()
    with pytest.raises(StoreSetupError, match="restore it from the backup"), running(made):
        pass


def test_it_listens_on_the_loopback_alone_and_asks_for_a_password(made: Path) -> None:
    with running(made) as server:
        with psycopg.connect(server.url("postgres", database="postgres")) as connection:
            settings: dict[str, str] = dict(connection.execute("SELECT name, setting FROM pg_settings").fetchall())
            rules = connection.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules").fetchall()
        assert settings["listen_addresses"] == "127.0.0.1"
        assert settings["unix_socket_directories"] == ""
        assert settings["fsync"] == settings["full_page_writes"] == settings["synchronous_commit"] == "on"
        assert rules == [("scram-sha-256",)]
        assert listening(server.pid) == {f"0100007F:{server.port:04X}"}
        wrong = server.url("arf_app").replace(server.passwords["arf_app"], "wrong")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)


def listening(pid: int) -> set[str]:
    """The addresses that a process listens on, as /proc/net/tcp has them, and every unix socket it is bound to."""
    opened = {str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    found = set()
    for table in ("tcp", "tcp6"):
        rows = [line.split() for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]]
        found |= {row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in opened}
    bound = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    return found | {row[7] for row in bound if len(row) > 7 and f"socket:[{row[6]}]" in opened}


def test_logins_have_no_right_that_they_do_not_need(made: Path) -> None:
    with running(made) as server, psycopg.connect(server.url("arf_app")) as connection:
        rights = connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolname LIKE 'arf%' AND "
            "(rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)"
        ).fetchall()
    assert rights == []


def test_who_comes_second_is_a_guest_on_the_same_server_and_does_not_stop_it(made: Path) -> None:
    with starter(made) as (_, pid, _):
        with running(made) as guest:
            assert (guest.is_guest, guest.pid) == (True, pid)
            with psycopg.connect(guest.url("arf_app")) as connection:
                assert connection.execute("SELECT current_user").fetchone() == ("arf_app",)
        assert not is_gone(pid)
        with pytest.raises(StoreSetupError, match="in use by another"), running(made, may_join=False):
            pass


def test_of_many_that_start_together_one_runs_the_server(folder: Path) -> None:
    command = [sys.executable, "-c", STARTER, str(folder / "postgres")]
    together = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = [process.stdout.readline().split() for process in together if process.stdout]
    for process in together:
        process.communicate(timeout=PATIENCE_S)
    assert len({pid for pid, _, _ in said}) == 1
    assert sorted(is_guest for _, is_guest, _ in said) == ["False", "True", "True", "True"]


def test_two_folders_are_two_servers(made: Path, folder: Path) -> None:
    shutil.copytree(made, folder / "other")
    owner = (made / "data").stat()
    for place in (folder / "other/data", *(folder / "other/data").rglob("*")):
        os.chown(place, owner.st_uid, owner.st_gid)
    with running(made) as one, running(folder / "other") as other:
        assert one.port != other.port
        for server in (one, other):
            with psycopg.connect(server.url("arf_app")) as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM])
def test_the_server_is_gone_when_its_starter_was_killed(made: Path, sign: signal.Signals) -> None:
    with starter(made) as (process, pid, _):
        process.send_signal(sign)
        wait_until(lambda: is_gone(pid), "the server outlives its starter")
    with running(made) as server, psycopg.connect(server.url("arf_app")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_no_acknowledged_row_is_lost_when_the_server_is_killed_under_load(made: Path) -> None:
    acknowledged: list[int] = []
    with running(made) as server, psycopg.connect(server.url("arf_owner"), autocommit=True) as connection:
        connection.execute("CREATE TABLE load (number integer)")

        def insert(times: int) -> None:
            for _ in range(times):
                connection.execute("INSERT INTO load VALUES (%s)", [len(acknowledged)])
                acknowledged.append(len(acknowledged))

        insert(300)
        os.kill(server.pid, signal.SIGKILL)
        with pytest.raises(psycopg.OperationalError):
            insert(100_000)
    with running(made) as server, psycopg.connect(server.url("arf_owner")) as connection:
        kept = {row[0] for row in connection.execute("SELECT number FROM load")}
    assert len(acknowledged) >= 300
    assert set(acknowledged) <= kept
    assert len(kept - set(acknowledged)) <= 1


def test_half_a_database_is_never_taken_for_one(folder: Path) -> None:
    place = folder / "postgres"
    (place / "data.new/base").mkdir(parents=True)
    (place / "data.new/PG_VERSION").write_text("18\n")
    with running(place) as server, psycopg.connect(server.url("arf_app")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not (place / "data.new").exists()


@pytest.mark.parametrize(("written", "says"), [("14\n", "was made by Postgres 14"), ("", "is no data of Postgres")])
def test_data_of_another_major_version_is_refused(made: Path, written: str, says: str) -> None:
    (made / "data/PG_VERSION").write_text(written)
    with pytest.raises(StoreSetupError, match=says), running(made):
        pass


def test_a_server_that_does_not_start_says_what_it_printed(made: Path) -> None:
    with (made / "data/postgresql.conf").open("a") as opened:
        opened.write("no_such_setting = 1\n")
    with pytest.raises(StoreSetupError, match="no_such_setting"), running(made):
        pass
