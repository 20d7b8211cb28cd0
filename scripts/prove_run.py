#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves by running it that the open edition cannot act.

    python scripts/prove_run.py [--json] [--namespace] | --plant NAME

1. Every planted escape is run under the audit hook and must be caught by its own detector.
2. The whole public API and CLI of arf_core is driven under the same hook. What fails: a process start, a connection, a
   write outside the declared outputs, a native load or sensitive import that is not listed, a name that did not run.
3. Afterwards: files, limits, processes and sockets are as they should be.
4. With ``--namespace``: the drive once more without any network, under strace.

Exit codes: 0 proven, 1 violated, 2 could not run. What is not proven: that native code keeps to itself where strace is
not there to see it, and anything about a patched interpreter.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))


def main(arguments: list[str]) -> int:
    """Be the watched process if the arguments say so, else the one that judges."""
    if arguments[:1] in (["--drive"], ["--planted"]):
        from runproof.child import watched

        return watched(arguments)
    from runproof.main import prove

    return prove(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
