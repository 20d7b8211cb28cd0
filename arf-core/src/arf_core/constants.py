# SPDX-License-Identifier: Apache-2.0
"""The sealed limits of the open edition.

They cannot be assigned, deleted or replaced while the program runs, and an edited copy of this file refuses to import.
This is a statement, not the proof: that the open edition cannot act is shown by what it does not contain
(docs/V3_ARCHITECTURAL_CONTRACT.md).
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Final, NoReturn

from arf_core.canonical import digest
from arf_core.errors import BoundaryError

MAX_INCIDENT_HISTORY: Final = 1000
MAX_RAG_LOOKBACK_DAYS: Final = 7
MCP_MODES_ALLOWED: Final = ("advisory",)
EXECUTION_ALLOWED: Final = False
GRAPH_STORAGE: Final = "in_memory"

LIMITS: Final = (
    "EXECUTION_ALLOWED",
    "GRAPH_STORAGE",
    "MAX_INCIDENT_HISTORY",
    "MAX_RAG_LOOKBACK_DAYS",
    "MCP_MODES_ALLOWED",
)
LIMITS_DIGEST: Final = "sha256:78de96652872ede653edc6e486e39654136026de465b8a9680f4f78c21c64e1f"
"""The digest of the limits above, in the domain ``arf.oss-limits/1``; reported by ``arf capabilities``."""


def limits() -> dict[str, object]:
    """The sealed limits by name, as plain values."""
    return {
        "EXECUTION_ALLOWED": EXECUTION_ALLOWED,
        "GRAPH_STORAGE": GRAPH_STORAGE,
        "MAX_INCIDENT_HISTORY": MAX_INCIDENT_HISTORY,
        "MAX_RAG_LOOKBACK_DAYS": MAX_RAG_LOOKBACK_DAYS,
        "MCP_MODES_ALLOWED": MCP_MODES_ALLOWED,
    }


class _Sealed(ModuleType):
    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise BoundaryError(f"{name} cannot be set: the limits of the open edition are sealed")

    def __delattr__(self, name: str) -> NoReturn:
        raise BoundaryError(f"{name} cannot be deleted: the limits of the open edition are sealed")


if digest("arf.oss-limits/1", limits()) != LIMITS_DIGEST:
    raise BoundaryError("the limits in arf_core/constants.py were edited: install arf-core again from its source")
sys.modules[__name__].__class__ = _Sealed
