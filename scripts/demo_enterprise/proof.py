# SPDX-License-Identifier: Apache-2.0
"""What is left to anybody: the audit log, exported, and verified by ``arf verify`` with keys that were handed over."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from demo_enterprise.enterprise import CommandFailed, Enterprise
from demo_enterprise.world import PATIENCE_S, until

VERIFY: Final = (sys.executable, "-m", "arf_core.cli", "verify")


def proven(enterprise: Enterprise, folder: Path) -> Iterator[str]:
    """Export the log to ``folder``, verify it, alter one byte, and verify that this is noticed.

    Raises:
        CommandFailed: the log does not verify, or an altered one does.
    """
    folder.mkdir()
    keys, log, kept = folder / "trusted-keys.json", folder / "log.arfa", folder / "kept.note"
    enterprise.command("audit", "keys", "-o", str(keys))
    until(enterprise.is_sequenced, what="every record has its place in the log")
    enterprise.command("audit", "checkpoint", "-o", str(kept))
    enterprise.command("audit", "export", "-o", str(log))
    yield f"the audit log is exported: {log.stat().st_size} bytes"
    command = [*VERIFY, str(log), "--trust", str(keys), "--checkpoint", str(kept), "--json"]
    report = _run(command, 0)
    yield f"arf verify, offline and without Enterprise: {report['count']} records verify"
    data = bytearray(log.read_bytes())
    data[data.index(b"execution.succeeded")] ^= 1
    log.write_bytes(data)
    bad = _run(command, 2)["first_bad"]
    yield f"and after one bit was flipped: {bad['where']}: {bad['what']}"


def _run(command: list[str], code: int) -> dict[str, Any]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    if done.returncode != code:
        raise CommandFailed(f"arf verify ended with {done.returncode}, not {code}: {done.stdout}{done.stderr}"[:3000])
    report: dict[str, Any] = json.loads(done.stdout)
    return report
