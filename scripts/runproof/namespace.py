# SPDX-License-Identifier: Apache-2.0
"""The drive once more, in a network namespace without interfaces, with its system calls recorded by strace.

An audit hook sees what the interpreter does; strace sees what the process does, native code included. Where the machine
has no strace, or does not permit namespaces, that is said and not passed over.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runproof.data import write_inputs
from runproof.finding import Finding
from runproof.parent import VISITOR, broken_off, start, workplace

CALLS: Final = (
    "execve,execveat,fork,vfork,clone,clone3,kill,tkill,tgkill,ptrace,socket,connect,bind,listen,sendto,sendmsg,open,"
    "openat,openat2,creat,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat,"
    "chmod,fchmodat,chown,fchownat,truncate,mknod,mknodat,mount"
)
_CALL = re.compile(r"^\d+ +(?P<name>\w+)\((?P<arguments>.*)\) += (?P<result>-?\d+|\?)")
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
_OPENING: Final = ("open", "openat", "openat2")
_WRITING: Final = ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND")
_CHANGING: Final = (
    "rename",
    "unlink",
    "mkdir",
    "rmdir",
    "link",
    "symlink",
    "chmod",
    "fchmod",
    "chown",
    "fchown",
    "truncate",
    "mknod",
    "creat",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolated:
    """How the second drive went: ``not_run`` says why it did not; ``calls`` is how many system calls were judged."""

    not_run: str = ""
    command: str = ""
    calls: int = 0
    planted: str = ""
    findings: tuple[Finding, ...] = ()

    def lines(self) -> Iterator[str]:
        """For people."""
        if self.not_run:
            yield f"NOT RUN: the drive in an empty network namespace under strace: {self.not_run}"
            return
        yield f"again under `{self.command}`: {self.calls} system calls judged, {len(self.findings)} findings"
        yield f"  shown to bite: {self.planted}"


def isolated() -> Isolated:
    """Drive once more, without a network and under strace, if this machine lets us."""
    before = _before()
    if isinstance(before, str):
        return Isolated(not_run=before)
    planted = _calls(before, ["--planted", "left_socket"])
    caught = [finding for finding in judge(planted[0], planted[1]) if finding.kind == "socket"]
    log, outputs, broken = _calls(before, ["--drive"])
    missed = [] if caught else [Finding(kind="strace", what="did not catch the planted socket()", where="runproof")]
    return Isolated(
        command=" ".join(before[:-1]),
        calls=len(log),
        planted=str(caught[0]) if caught else "NOT shown",
        findings=(*missed, *broken, *judge(log, outputs)),
    )


def judge(log: Sequence[str], outputs: Path) -> Iterator[Finding]:
    """What a log of strace shows that may not be. The first execve is the interpreter's own."""
    own_start = True
    sockets = _Sockets()
    for line in log:
        call = _CALL.match(line)
        if call is None:
            continue
        name, arguments = call["name"], call["arguments"]
        if name == "execve" and own_start:
            own_start = call["result"] != "0"
        elif name in _LISTENING:
            sockets.judge(name, arguments, call["result"], line)
        elif what := _wrong(name, arguments, outputs):
            yield Finding(kind=name, what=what, where=f"strace: {line[:160]}")
    yield from sockets.findings()


class _Sockets:
    """What a listening server does with sockets: each that is made is bound, to loopback, and listens.

    Nothing else is let through: no connection, no address to send to, no other family.
    """

    def __init__(self) -> None:
        self._found: list[Finding] = []
        self._unbound: dict[str, str] = {}

    def judge(self, name: str, arguments: str, result: str, line: str) -> None:
        """Take one call into account."""
        descriptor = arguments.partition(",")[0]
        if name == "socket" and "SOCK_STREAM" in arguments and arguments.startswith("AF_INET"):
            self._tell_unbound(result)
            self._unbound[result] = line
        elif name == "bind" and any(own in arguments for own in _LOOPBACK):
            self._unbound.pop(descriptor, None)
        elif not (name == "listen" or (name == "sendto" and arguments.endswith(", NULL, 0"))):
            self._found.append(_finding(name, "is never made by the open edition", line))

    def findings(self) -> Iterator[Finding]:
        """What was wrong, and the sockets that were never bound."""
        for descriptor in tuple(self._unbound):
            self._tell_unbound(descriptor)
        yield from self._found

    def _tell_unbound(self, descriptor: str) -> None:
        if (line := self._unbound.pop(descriptor, None)) is not None:
            self._found.append(_finding("socket", "makes a socket that does not listen on loopback", line))


def _finding(kind: str, what: str, line: str) -> Finding:
    return Finding(kind=kind, what=what, where=f"strace: {line[:160]}")


_LISTENING: Final = frozenset({"socket", "bind", "listen", "sendto"})
_LOOPBACK: Final = ('inet_addr("127.0.0.1")', 'inet_pton(AF_INET6, "::1"')


def _wrong(name: str, arguments: str, outputs: Path) -> str:
    if name in _OPENING:
        return "" if not any(flag in arguments for flag in _WRITING) else _outside(arguments, outputs)
    if name.startswith(_CHANGING):
        return _outside(arguments, outputs)
    if name.startswith(("clone", "fork", "vfork")):
        return "" if "CLONE_THREAD" in arguments else "starts a process"
    return "is never made by the open edition"


def _outside(arguments: str, outputs: Path) -> str:
    paths = [Path(text) for text in _TEXT.findall(arguments)]
    wrong = [path for path in paths if path != Path("/dev/null") and outputs not in (path, *path.parents)]
    return f"changes {wrong[0]}, which is no declared output" if wrong or not paths else ""


def _calls(before: Sequence[str], arguments: list[str]) -> tuple[list[str], Path, tuple[Finding, ...]]:
    """The log of one run, where its outputs were, and whether it broke off."""
    with workplace() as folder, tempfile.NamedTemporaryFile("r", suffix=".strace") as log:
        write_inputs(folder / "data")
        starting = _with_visitor(before, folder) if arguments == ["--drive"] else list(before)
        heard = start(folder, [*arguments, str(folder)], before=[*starting, log.name])
        findings = heard.report.findings if arguments == ["--drive"] else ()
        return log.read().splitlines(), folder / "out", (*findings, *broken_off(heard))


def _with_visitor(before: Sequence[str], folder: Path) -> list[str]:
    """``before``, with the server's visitor started beside strace: in the same namespace, but not recorded."""
    place = before.index("strace")
    visit = ["sh", "-c", '"$0" -B "$1" "$2" --loopback & shift 2; exec "$@"', sys.executable, str(VISITOR), str(folder)]
    return [*before[:place], *visit, *before[place:]]


def _before() -> tuple[str, ...] | str:
    """The command that isolates and records, up to the name of the log; or why there is none."""
    for tool in ("strace", "unshare"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    strace = ("strace", "-f", "--seccomp-bpf", "-s", "4096", "-e", f"trace={CALLS}", "-o")
    for unshare in (("unshare", "-n"), ("unshare", "-r", "-n")):
        before = (*unshare, *strace)
        if subprocess.run([*before, "/dev/null", "true"], capture_output=True, check=False).returncode == 0:
            return before
    return "unshare -n (and -r -n), or strace in it, is not permitted here"
