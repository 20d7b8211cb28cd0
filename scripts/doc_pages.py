# SPDX-License-Identifier: Apache-2.0
"""The fenced blocks of the documentation, and how a block of commands is run.

1. A block says its language: commands stand in ``sh`` blocks, programs in ``python`` ones. No other block may hold a
   line that starts with ``arf``.
2. The words after that say what is not usual: ``exit=2`` (it is to exit so), ``server=URL`` (it goes on in the
   background until the page is done, and has come up when URL answers), ``not-run="why"`` (the reason is for readers),
   ``run-by=FILE`` (a test of its own runs it, because it needs more around it).
3. The blocks of one page run in order in one folder, with an empty home: a copy of ``docs/examples`` and, for a page
   of a contract, of what stands beside the page.
4. A port of the page that its servers listen on is replaced by a free one, so that pages can run side by side.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lib.servers.processes import free_port

ROOT: Final = Path(__file__).resolve().parent.parent
EXAMPLES: Final = ROOT / "docs/examples"
PATIENCE_S: Final = 120.0
RUN: Final = {"sh": ("bash", "-euo", "pipefail", "-c"), "python": (sys.executable, "-c")}

_FENCE: Final = re.compile(r"^```([^\n`]*)\n(.*?)^```[ ]*$", re.MULTILINE | re.DOTALL)
_PORT: Final = re.compile(r"(?:127\.0\.0\.1|localhost):(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block: where it begins, its language, the words after that, and its text."""

    page: str
    line: int
    language: str
    words: Mapping[str, str]
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> tuple[Path, ...]:
    """Every page of the documentation."""
    members = sorted(ROOT.glob("arf-*/README.md"))
    return (
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "SECURITY.md",
        *members,
        *sorted((ROOT / "docs").rglob("*.md")),
    )


def blocks(page: Path) -> tuple[Block, ...]:
    """The fenced blocks of ``page``, in order."""
    text = page.read_text(encoding="utf-8")
    return tuple(_block(page, text, found) for found in _FENCE.finditer(text))


def commands(page: Path) -> tuple[Block, ...]:
    """The blocks of commands and programs of ``page`` that are run here."""
    elsewhere = {"not-run", "run-by"}
    return tuple(block for block in blocks(page) if block.language in RUN and not elsewhere & set(block.words))


def run_page(page: Path, folder: Path) -> None:
    """Run the commands of ``page`` in ``folder``, which must not exist yet.

    Raises:
        AssertionError: a block exits with another code than it says; the message has what it printed.
    """
    shutil.copytree(EXAMPLES, folder)
    if (ROOT / "docs/contracts") in page.parents:
        shutil.copytree(page.parent, folder, dirs_exist_ok=True)
    found = commands(page)
    ports = {
        port: str(free_port())
        for block in found
        if "server" in block.words
        for port in _PORT.findall(block.words["server"])
    }
    with ExitStack() as servers:
        for block in found:
            script, words = _replaced(block.text, ports), block.words
            if "server" in words:
                servers.enter_context(_server(script, _replaced(words["server"], ports), folder, str(block)))
            else:
                _run(block.language, script, int(words.get("exit", "0")), folder, str(block))


def _block(page: Path, text: str, found: re.Match[str]) -> Block:
    language, *words = shlex.split(found[1]) or [""]
    named = dict(word.partition("=")[::2] for word in words)
    line = text.count("\n", 0, found.start()) + 1
    return Block(page=str(page.relative_to(ROOT)), line=line, language=language, words=named, text=found[2])


def _replaced(text: str, ports: Mapping[str, str]) -> str:
    for known, free in ports.items():
        text = re.sub(rf"\b{known}\b", free, text)
    return text


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("LANG", "TMPDIR", "SSL_CERT_FILE") if name in os.environ}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ours = {"ARF_REPOSITORY": str(ROOT), "ARF_DATA": str(folder / "arf")}  # never the installation of this machine
    return {**kept, "PATH": path, "HOME": str(folder), "NO_COLOR": "1", **ours}


def _run(language: str, script: str, code: int, folder: Path, name: str) -> None:
    done = subprocess.run(
        [*RUN[language], script],
        cwd=folder, env=_environment(folder), capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == code, (
        f"{name} exits {done.returncode}, not {code}\n{script}\n{done.stdout}\n{done.stderr}"
    )


@contextmanager
def _server(script: str, url: str, folder: Path, name: str) -> Iterator[None]:
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["bash", "-c", script],
            cwd=folder,
            env=_environment(folder),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait(url, process, f"{name}: {script}", log)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=PATIENCE_S)


def _wait(url: str, process: subprocess.Popen[bytes], name: str, log: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        assert process.poll() is None, f"{name} ended: {log.read_text(errors='replace')}"
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own pages name it
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{name} did not come up: {log.read_text(errors='replace')}")
