# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""A real Postgres in a folder, for the trial, small installations and tests: started with us, gone with us.

::

    FOLDER/lock               held while one of us runs it
    FOLDER/credentials.json   the passwords, 0600
    FOLDER/log                what the server printed
    FOLDER/data/              Postgres' own, 0700, of its user

1. One starter a folder: whoever comes second is told so.
2. It listens on a free port of the loopback, nowhere else: no unix socket, passwords by SCRAM.
3. ``initdb`` works in ``data.new``, then one rename: half a database is never taken for one.
4. Two logins: ``arf_owner`` owns the schema and migrates; ``arf_app`` is what the program works as, and can neither
   change the schema nor get past row-level security.
5. A folder of another major version is refused, not converted.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

import psycopg
from psycopg import sql

from arf_enterprise.errors import StoreSetupError
from arf_enterprise.stores.postgres.binaries import Binaries, find, user_for
from arf_enterprise.stores.postgres.process import Child, User, run_as, start_as

SUPERUSER: Final = "postgres"
LOGINS: Final = ("arf_owner", "arf_app")
DATABASE: Final = "arf"
PATIENCE_S: Final = 60.0
_ATTEMPTS: Final = 5


@dataclass(slots=True, kw_only=True)
class Embedded:
    """A server that runs. ``port`` is on 127.0.0.1."""

    folder: Path
    port: int
    child: Child = field(repr=False)
    passwords: Mapping[str, str] = field(repr=False)

    def url(self, login: str = "arf_app", *, database: str = DATABASE) -> str:
        """Where ``login`` connects to; it holds a password: never print it."""
        return f"postgresql://{login}:{self.passwords[login]}@127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int:
        """The process id of the server."""
        return self.child.process.pid


def default_cache() -> Path:
    """Where binaries are copied that another user could not reach: a folder of the machine for root, else of ours."""
    if os.geteuid() == 0:
        return Path("/var/cache/arf-enterprise")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "arf-enterprise"


@contextmanager
def running(folder: Path, *, binaries: Path | None = None, cache: Path | None = None) -> Iterator[Embedded]:
    """A server with its data in ``folder``, made at the first start, stopped at the end.

    Raises:
        StoreSetupError: it cannot be started; the message says which rule, folder or program it is about.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o711)
    user = user_for(folder / "data")
    programs = find(user, named=binaries, cache=cache or default_cache())
    with _locked(folder), (folder / "log").open("ab") as log:
        passwords = _prepared(folder, user, programs)
        child, port = _started(folder, user, programs, log)
        try:
            _logins(port, passwords)
            yield Embedded(folder=folder, port=port, child=child, passwords=passwords)
        finally:
            child.stop(signal.SIGINT)  # Postgres' fast shutdown: connections end, data is written


@contextmanager
def _locked(folder: Path) -> Iterator[None]:  # rule 1
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreSetupError(
                f"{folder} is in use by another arf-enterprise: stop it, or name another folder"
            ) from error
        yield


def _prepared(folder: Path, user: User, programs: Binaries) -> Mapping[str, str]:
    """The passwords of the database in ``folder``, which is made if there is none."""
    data, credentials = folder / "data", folder / "credentials.json"
    if data.exists():
        made = int((data / "PG_VERSION").read_text(encoding="ascii"))
        if made != programs.major:  # rule 5
            raise StoreSetupError(
                f"{data} was made by Postgres {made}, and this one is {programs.major}: name the binaries of {made}, "
                "or restore a backup into a new folder"
            )
        return dict(json.loads(credentials.read_text(encoding="utf-8")))
    passwords = {login: secrets.token_urlsafe(32) for login in (SUPERUSER, *LOGINS)}
    _write_secret(credentials, json.dumps(passwords))
    _initdb(folder, user, programs, passwords[SUPERUSER])
    return passwords


def _write_secret(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)


def _initdb(folder: Path, user: User, programs: Binaries, password: str) -> None:  # rule 3
    fresh = folder / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    os.chown(fresh, user.uid, user.gid)
    with tempfile.NamedTemporaryFile("w", dir=folder, encoding="ascii") as secret:
        secret.write(password)
        secret.flush()
        os.chown(secret.name, user.uid, user.gid)
        done = run_as(
            user,
            [
                programs.program("initdb"), "-D", str(fresh), "-U", SUPERUSER, "-E", "UTF8", "--locale=C",
                "-A", "scram-sha-256", f"--pwfile={secret.name}",
            ],
        )  # fmt: skip
    if done.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        raise StoreSetupError(
            f"initdb failed in {folder} as user {user.uid}: {done.stderr.strip() or done.stdout.strip()}"
        )
    fresh.rename(folder / "data")


def _started(folder: Path, user: User, programs: Binaries, log: IO[bytes]) -> tuple[Child, int]:
    for _ in range(_ATTEMPTS):  # another process may take the free port first
        port = _free_port()
        child = start_as(user, _command(folder, programs, port), log=log)
        if _is_ready(folder / "data/postmaster.pid", child, port):
            return child, port
        child.stop(signal.SIGQUIT)
    tail = (folder / "log").read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
    raise StoreSetupError(f"Postgres did not start in {folder}: {' | '.join(tail)}")


def _command(folder: Path, programs: Binaries, port: int) -> list[str]:  # rule 2
    settings = {
        "listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": "", "max_connections": "100",
        "password_encryption": "scram-sha-256", "timezone": "UTC", "log_timezone": "UTC", "shared_buffers": "128MB",
        "log_statement": "none", "log_min_error_statement": "panic",
    }  # fmt: skip
    options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
    return [programs.program("postgres"), "-D", str(folder / "data"), *options]


def _is_ready(pid_file: Path, child: Child, port: int) -> bool:
    end = time.monotonic() + PATIENCE_S
    while child.is_running and time.monotonic() < end:
        lines = pid_file.read_text(encoding="utf-8").splitlines() if pid_file.exists() else []
        if (
            len(lines) >= 8
            and lines[0] == str(child.process.pid)
            and lines[3] == str(port)
            and lines[7].strip() == "ready"
        ):
            return True
        time.sleep(0.01)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _logins(port: int, passwords: Mapping[str, str]) -> None:  # rule 4
    where = f"host=127.0.0.1 port={port} user={SUPERUSER} password={passwords[SUPERUSER]} dbname=postgres"
    with psycopg.connect(where, autocommit=True) as connection:
        known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        for login in LOGINS:
            verb = sql.SQL("ALTER" if login in known else "CREATE")
            connection.execute(
                sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB {} NOBYPASSRLS PASSWORD {}").format(
                    verb,
                    sql.Identifier(login),
                    sql.SQL("CREATEROLE" if login == "arf_owner" else "NOCREATEROLE"),
                    passwords[login],
                )
            )
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER arf_owner").format(sql.Identifier(DATABASE)))
        if connection.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'").fetchone():
            with psycopg.connect(where.replace("dbname=postgres", f"dbname={DATABASE}"), autocommit=True) as inside:
                inside.execute("CREATE EXTENSION IF NOT EXISTS vector")
