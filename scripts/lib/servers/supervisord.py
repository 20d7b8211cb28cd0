# SPDX-License-Identifier: Apache-2.0
"""A real supervisord: on a unix socket with a password, as root or as a plain user, ending with who started it.

Its programs are files of ``conf`` (``[include]``), so that more can be added while it runs::

    with supervisord(folder, programs={"shop": program("shop", [sys.executable, "-S", ...])}) as running:
        running.socket, running.user, running.password     # how to ask it
        running.ctl("stop", "shop")                        # another writer: supervisorctl
        running.processes()                                # another reader
        with running.frozen(): ...                         # SIGSTOP
        running.kill()                                     # as a power failure: its programs end as well
"""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from supervisor.xmlrpc import SupervisorTransport  # type: ignore[import-untyped]

from lib.servers.processes import START_S, DidNotStart
from lib.servers.service import die_with_parent

_CONFIG: Final = """\
[unix_http_server]
file={socket}
chmod=0700
username={user}
password={password}

[supervisord]
nodaemon=true
logfile={folder}/supervisord.log
pidfile={folder}/supervisord.pid
childlogdir={folder}
{as_root}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{socket}
username={user}
password={password}

[include]
files={conf}/*.conf
"""
_HTTP: Final = """
[inet_http_server]
port=127.0.0.1:{port}
username={user}
password={password}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervised:
    """A running supervisord; ``conf`` is the folder of its programs, a file each."""

    socket: Path
    user: str
    password: str
    conf: Path
    config: Path
    process: subprocess.Popen[bytes]

    def ctl(self, *command: str) -> str:
        """What ``supervisorctl`` answers: another writer. Its exit code tells nothing: 3 is a program stopped."""
        line = [sys.executable, "-m", "supervisor.supervisorctl", "-c", str(self.config), *command]
        return subprocess.run(line, capture_output=True, text=True, timeout=START_S, check=False).stdout

    def processes(self) -> list[dict[str, Any]]:
        """What supervisord tells of each process, by its own client: ``group``, ``name``, ``statename``, ``pid`` …"""
        transport = SupervisorTransport(self.user, self.password, f"unix://{self.socket}")
        with xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport) as proxy:
            return cast("list[dict[str, Any]]", proxy.supervisor.getAllProcessInfo())

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It takes connections and does not answer."""
        with frozen(self.process):
            yield

    def kill(self) -> None:
        """End it and its programs, as a power failure would."""
        children = _children(self.process.pid) if self.process.poll() is None else ()
        self.process.kill()
        self.process.wait(START_S)
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)


@contextmanager
def supervisord(folder: Path, *, programs: Mapping[str, str], port: int | None = None) -> Iterator[Supervised]:
    """A supervisord with ``programs``: the text of a file by its name, such as :func:`program` makes.

    With ``port`` it answers over http on loopback as well.

    Raises:
        DidNotStart: it did not come up; the message has its log.
    """
    conf, config, short = folder / "conf.d", folder / "supervisord.conf", Path(tempfile.mkdtemp(prefix="arf-s-"))
    conf.mkdir(parents=True, exist_ok=True)
    for name, text in programs.items():
        (conf / f"{name}.conf").write_text(text, encoding="utf-8")
    # A path of a unix socket has at most 107 bytes: tests' folders can be longer.
    place, password = short / "s", secrets.token_hex(16)
    config.write_text(
        _CONFIG.format(
            socket=place,
            user="arf",
            password=password,
            folder=folder,
            conf=conf,
            as_root="user=root\n" if os.geteuid() == 0 else "",
        )
        + (_HTTP.format(port=port, user="arf", password=password) if port else ""),
        encoding="utf-8",
    )
    config.chmod(0o600)
    process = start([sys.executable, "-m", "supervisor.supervisord", "-c", str(config)], folder / "supervisord.out")
    running = Supervised(socket=place, user="arf", password=password, conf=conf, config=config, process=process)
    try:
        await_socket(process, place, folder / "supervisord.out")
        yield running
    finally:
        running.kill()
        shutil.rmtree(short, ignore_errors=True)


def program(name: str, command: Sequence[str], **options: str) -> str:
    """The section of a program; ``options`` are supervisord's own (``startsecs="1"``)."""
    settings = {"command": shlex.join(command), "startsecs": "1", "stopwaitsecs": "5", **options}
    return f"[program:{name}]\n" + "".join(f"{key}={value}\n" for key, value in settings.items())


def start(command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    """``command`` as a process that ends with this one."""
    with log.open("ab") as written:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - it makes one system call
        )


def stop(process: subprocess.Popen[bytes]) -> None:
    """End ``process``, kindly for five seconds."""
    process.send_signal(signal.SIGCONT)
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(START_S)


@contextmanager
def frozen(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """``process`` stands still until the block ends."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def await_socket(process: subprocess.Popen[bytes], path: Path, log: Path) -> None:
    """Wait until the socket takes connections.

    Raises:
        DidNotStart: the process ended, or took too long.
    """
    end = time.monotonic() + START_S
    while not _takes_connections(path):
        if process.poll() is not None or time.monotonic() > end:
            raise DidNotStart(f"exit {process.returncode}: {log.read_text(errors='replace')[-3000:]}")
        time.sleep(0.02)


def _takes_connections(path: Path) -> bool:
    """Not only that it is there: a socket is bound before it listens."""
    with socket.socket(socket.AF_UNIX) as made, suppress(OSError):
        made.connect(str(path))
        return True
    return False


def _children(process: int) -> tuple[int, ...]:
    """The processes that ``process``, of one thread, has started: also while it stands still."""
    text = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    return tuple(int(child) for child in text.split())
