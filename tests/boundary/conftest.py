# SPDX-License-Identifier: Apache-2.0
"""Makes the scanner importable, and keeps pytest from collecting the planted files."""

from __future__ import annotations

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
for folder in (_HERE.parent.parent / "scripts", _HERE):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

collect_ignore = ["escapes", "innocent"]
