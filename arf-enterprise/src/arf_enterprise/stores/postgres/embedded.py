# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""A real Postgres in a folder, for the trial, small installations and tests: started with us, gone with us.

::

    FOLDER/lock               held while one of us runs it; says the process id and port of the server that has started
    FOLDER/credentials.json   the passwords, 0600
    FOLDER/log                what the server printed
    FOLDER/data/              Postgres' own, 0700, of its user

1. One starter a folder. Who comes second while it runs is a guest: works on the same server, and does not stop it (so
   commands work beside ``arf-enterprise serve``); who must not be a guest says so, and is refused.
2. It listens on a free port of the loopback, nowhere else: no unix socket, passwords by SCRAM.
3. It has started when line 8 of ``postmaster.pid`` says so. Nothing waits longer than :data:`PATIENCE_S`.
4. The server ends with whoever started it, however that ends; what was committed is there at the next start.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

import psycopg
from psycopg.conninfo import make_conninfo

from arf_enterprise.errors import StoreSetupError
from arf_enterprise.stores.postgres.binaries import Binaries, find, make_folder, user_for
from arf_enterprise.stores.postgres.cluster import DATABASE, SUPERUSER, make_logins, passwords, prepared
from arf_enterprise.stores.postgres.process import Child, User, start_as

PATIENCE_S: Final = 60.0
CACHED_MIB: Final = 128
_ATTEMPTS: Final = 5
_PAUSE_S: Final = 0.01
_CONNECT_S: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """A server that runs. ``port`` is on 127.0.0.1, ``pid`` the process; ``is_guest`` if another process started it."""

    folder: Path
    port: int
    pid: int
    is_guest: bool
    passwords: Mapping[str, str] = field(repr=False)

    def url(self, login: str = "arf_app", *, database: str = DATABASE) -> str:
        """Where ``login`` connects to; it holds a password: never print it."""
        return f"postgresql://{login}:{self.passwords[login]}@127.0.0.1:{self.port}/{database}"


def default_cache() -> Path:
    """Where binaries are copied that another user could not reach: a folder of the machine for root, else of ours."""
    if os.geteuid() == 0:
        return Path("/var/cache/arf-enterprise")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "arf-enterprise"


@contextmanager
def running(
    folder: Path,
    *,
    binaries: Path | None = None,
    cache: Path | None = None,
    may_join: bool = True,
    is_temporary: bool = False,
    cached_mib: int = CACHED_MIB,
) -> Iterator[Embedded]:
    """A server with its data in ``folder``, made at the first start, stopped at the end.

    ``may_join`` is false for who must not be a guest (rule 1). ``is_temporary`` if the data is thrown away afterwards:
    the server then stops without writing it. It keeps ``cached_mib`` MiB of data in its memory (``shared_buffers``).

    Raises:
        StoreSetupError: it cannot be started; the message says which rule, folder or program it is about.
    """
    folder = folder.resolve()
    make_folder(folder, mode=0o711)
    with ExitStack() as stack:
        lock = stack.enter_context(os.fdopen(os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600), "r+"))
        if (guest := _locked(folder, lock, may_join=may_join)) is not None:
            yield guest
            return
        user = user_for(folder / "data")
        programs = find(user, named=binaries, cache=cache or default_cache())
        known = prepared(folder, user, programs)
        log = stack.enter_context((folder / "log").open("ab"))
        child, port = _started(folder, user, programs, log, cached_mib)
        # Fast shutdown: connections end, data is written. Immediate: everything ends; the next start replays the log.
        stack.callback(child.stop, signal.SIGQUIT if is_temporary else signal.SIGINT)
        _complete(port, known)
        print(child.process.pid, port, file=lock, flush=True)
        yield Embedded(folder=folder, port=port, pid=child.process.pid, is_guest=False, passwords=known)


def _locked(folder: Path, lock: IO[str], *, may_join: bool) -> Embedded | None:
    """None once the folder is ours, until ``lock`` is closed; otherwise the server that another process runs there."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:  # rule 3
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if not may_join:
                raise StoreSetupError(
                    f"{folder} is in use by another arf-enterprise: stop it, or name another folder with ARF_DATA"
                ) from error
        else:
            lock.truncate(0)
            return None
        lock.seek(0)
        if len(said := lock.read().split()) == 2:
            pid, port = map(int, said)
            return Embedded(folder=folder, port=port, pid=pid, is_guest=True, passwords=passwords(folder))
        time.sleep(_PAUSE_S)
    raise StoreSetupError(f"{folder} is in use by another arf-enterprise, whose Postgres does not start: stop it")


def _started(folder: Path, user: User, programs: Binaries, log: IO[bytes], cached_mib: int) -> tuple[Child, int]:
    for attempt in range(_ATTEMPTS):  # another process may take the free port first, or an older server be ending
        port = _free_port()
        child = start_as(user, _command(folder, programs, port, cached_mib), log=log)
        if _is_ready(folder, child, port):
            return child, port
        child.stop(signal.SIGQUIT)
        time.sleep(0.1 * 2**attempt)
    tail = (folder / "log").read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
    raise StoreSetupError(f"Postgres did not start in {folder}: {' | '.join(tail)}")


def _command(folder: Path, programs: Binaries, port: int, cached_mib: int) -> list[str]:  # rule 2
    settings = {
        "listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": "", "max_connections": "100",
        "password_encryption": "scram-sha-256", "timezone": "UTC", "log_timezone": "UTC",
        "shared_buffers": f"{cached_mib}MB", "log_statement": "none", "log_min_error_statement": "panic",
    }  # fmt: skip
    options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
    return [programs.program("postgres"), "-D", str(folder / "data"), *options]


def _is_ready(folder: Path, child: Child, port: int) -> bool:  # rule 3
    end = time.monotonic() + PATIENCE_S
    while child.is_running and time.monotonic() < end:
        lines = _lines(folder / "data/postmaster.pid")
        if (
            len(lines) >= 8
            and lines[0] == str(child.process.pid)
            and lines[3] == str(port)
            and lines[7].strip() == "ready"
        ):
            return True
        time.sleep(_PAUSE_S)
    return False


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _complete(port: int, known: Mapping[str, str]) -> None:
    where = make_conninfo(
        host="127.0.0.1", port=port, user=SUPERUSER, password=known[SUPERUSER], connect_timeout=_CONNECT_S
    )
    try:
        with psycopg.connect(where, dbname="postgres", autocommit=True) as connection:
            make_logins(connection, known)
        with psycopg.connect(where, dbname=DATABASE, autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'").fetchone():
                connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    except psycopg.Error as error:
        raise StoreSetupError(
            f"the embedded Postgres refuses its superuser ({type(error).__name__}): credentials.json and data "
            "are not of one backup"
        ) from error
