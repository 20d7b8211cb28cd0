#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves from source that the open edition cannot act.

``python scripts/enforce_oss_constants.py [PATH…] [--wheel FILE…] [--json] [--explain RULE]``. The engine is the package
``boundary`` beside this file; it needs only the standard library and works on any checkout with the same split.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from boundary.main import main

if __name__ == "__main__":
    sys.exit(main())
