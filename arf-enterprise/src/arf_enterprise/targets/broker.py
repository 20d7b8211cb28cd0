# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The broker of credentials: from a reference to the secret, at the moment it is needed.

::

    file:/run/secrets/x            the text of a file, without the line ends at its end
    env:NAME                       a variable of the program's environment
    command:/usr/bin/vault read …  what a program prints, without the line ends at its end

1. The secret is in no message, log or ``repr``, and nothing is kept: each ask reads anew.
2. A command is split as a shell would and run without one, in an environment of its own (``PATH``, ``HOME``, ``LANG``),
   for at most :data:`COMMAND_S` seconds; it and what it started are ended then. Only programs named in
   ``ARF_ALLOWED_COMMANDS`` (absolute paths, ``:`` between them) are run: who writes the inventory may administer a
   tenant, and need not be who administers the machine.
3. For the same reason ARF's own secrets cannot be referred to: no variable that begins with ``ARF_``, unless with
   ``ARF_CREDENTIAL_``, no file that such a variable names, and nothing in the folder ``ARF_DATA``.
4. A file is a plain file. No secret is larger than :data:`MOST` bytes, empty, or anything but printable UTF-8 text
   (line ends inside are kept: a certificate has some).
"""

from __future__ import annotations

import os
import re
import select
import shlex
import signal
import stat
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, cast

from arf_enterprise.errors import SettingError
from arf_enterprise.settings import default_data

REFERENCE: Final = re.compile(r"file:/[ -~]{1,1000}|env:[A-Za-z_][A-Za-z0-9_]{0,199}|command:/[ -~]{1,1000}")
REFERENCE_RULE: Final = "a reference: file:/PATH, env:NAME or command:/PROGRAM ARGUMENTS"
COMMANDS: Final = "ARF_ALLOWED_COMMANDS"
MOST: Final = 65_536
COMMAND_S: Final = 10.0


def read(reference: str, *, environment: Mapping[str, str] | None = None, patience_s: float = COMMAND_S) -> str:
    """The secret that ``reference`` names; ``environment`` is the program's, unless given.

    Raises:
        SettingError: it is no reference, what it names cannot be read, or may not be. Never with the secret.
    """
    if not REFERENCE.fullmatch(reference):
        raise SettingError(f"a credential is not {REFERENCE_RULE}")  # rule 1: not the text, it may be the secret
    given = os.environ if environment is None else environment
    scheme, _, rest = reference.partition(":")
    if scheme == "file":
        return _text(_file(rest, given), f"the file {rest}")
    if scheme == "env":
        return _text(_variable(rest, given), f"the variable {rest}")
    return _text(_printed(rest, given, patience_s), f"what {rest.split()[0]} prints")


def _text(found: bytes, what: str) -> str:
    if len(found) > MOST:
        raise SettingError(f"{what} is larger than {MOST} bytes: it is no credential")
    try:
        text = found.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        # Not ``from``: the cause quotes the bytes.
        raise SettingError(f"{what} is not UTF-8 text") from None
    if not text or not all(line.isprintable() for line in text.splitlines()):
        raise SettingError(f"{what} is empty, or has characters that cannot be printed")  # rule 4
    return text


def _file(name: str, environment: Mapping[str, str]) -> bytes:
    path = Path(name)
    if _is_own(path.resolve(), environment):  # rule 3
        raise SettingError(f"the file {name} is one of ARF's own: it cannot be a target's credential")
    try:
        # Not to wait for a writer, should it be a pipe.
        opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise SettingError(f"the file {name} cannot be read: {error.strerror}") from error
    with os.fdopen(opened, "rb") as file:
        if not stat.S_ISREG(os.fstat(opened).st_mode):  # rule 4
            raise SettingError(f"{name} is not a plain file")
        return file.read(MOST + 1)


def _is_own(path: Path, environment: Mapping[str, str]) -> bool:
    folder = Path(environment.get("ARF_DATA") or default_data(environment)).expanduser().resolve()
    named = {
        Path(value).resolve() for name, value in environment.items() if name.startswith("ARF_") and value[:1] == "/"
    }
    return path.is_relative_to(folder) or path in named


def _variable(name: str, environment: Mapping[str, str]) -> bytes:
    if name.startswith("ARF_") and not name.startswith("ARF_CREDENTIAL_"):  # rule 3
        raise SettingError(f"the variable {name} is ARF's own: it cannot be a target's credential")
    if name not in environment:
        raise SettingError(f"the variable {name} is not set where ARF runs")
    return environment[name].encode("utf-8", "surrogateescape")


def _printed(command: str, environment: Mapping[str, str], patience_s: float) -> bytes:
    try:
        arguments = shlex.split(command)
    except ValueError as error:
        raise SettingError("the command of a credential cannot be split into arguments: a quote is open") from error
    program = arguments[0]
    if program not in environment.get(COMMANDS, "").split(":"):  # rule 2
        raise SettingError(f"{program} is not among the programs in {COMMANDS}: whoever runs ARF must allow it there")
    minimal = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": environment.get("HOME", "/"), "LANG": "C.UTF-8"}
    try:
        process = subprocess.Popen(  # noqa: S603 - no shell, and a program that the machine's operator named
            arguments,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=minimal, cwd="/", start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise SettingError(f"{program} cannot be run: {error.strerror}") from error
    found, status = _ended(process, patience_s)
    if status != 0:
        told = f"did not end within {patience_s:g} s" if status is None else f"ended with {status}"
        raise SettingError(f"{program} gives no credential: it {told}")
    return found


def _ended(process: subprocess.Popen[bytes], patience_s: float) -> tuple[bytes, int | None]:
    """What ``process`` printed, and its exit code, None if it had to be ended; nothing that it started outlives it."""
    end = time.monotonic() + patience_s
    found = b""
    with process:
        try:
            for piece in _pieces(process, end):
                found += piece
                if len(found) > MOST:
                    return found, 0  # too large, whatever comes: said by who reads it
            return found, process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            return found, None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _pieces(process: subprocess.Popen[bytes], end: float) -> Iterator[bytes]:
    printed = cast("IO[bytes]", process.stdout).fileno()
    waiting = select.poll()
    waiting.register(printed)
    while waiting.poll(max(0.0, end - time.monotonic()) * 1000):
        if not (piece := os.read(printed, MOST)):
            return
        yield piece
    raise subprocess.TimeoutExpired(process.args, 0)
