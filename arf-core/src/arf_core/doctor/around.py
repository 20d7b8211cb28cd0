# SPDX-License-Identifier: Apache-2.0
"""What a run of the doctor is given. It loads nothing, so that it is there whatever is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a run of the doctor looks at: the settings file and output folder are None where none is configured.

    ``now`` is aware, in UTC; ``zone`` is the name of the time zone and whether the system knows it; ``encoding`` that
    of the terminal.
    """

    environment: Mapping[str, str]
    file: Path | None
    out: Path | None
    now: datetime
    zone: tuple[str, bool]
    encoding: str
