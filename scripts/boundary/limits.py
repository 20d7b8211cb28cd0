# SPDX-License-Identifier: Apache-2.0
"""The sealed limits as the scan knows them: their names, their values, the modules that hold them."""

from __future__ import annotations

from typing import Final

SEALED: Final[dict[str, object]] = {
    "MAX_INCIDENT_HISTORY": 1000,
    "MAX_RAG_LOOKBACK_DAYS": 7,
    "MCP_MODES_ALLOWED": ("advisory",),
    "EXECUTION_ALLOWED": False,
    "GRAPH_STORAGE": "in_memory",
}
HOLDERS: Final = ("arf_core.constants", "arf_core.boundaries")
SETTERS: Final = frozenset(
    """builtins.setattr builtins.delattr builtins.object.__setattr__ builtins.object.__delattr__
    builtins.type.__setattr__ builtins.type.__delattr__ types.ModuleType.__setattr__
    types.ModuleType.__delattr__ unittest.mock.patch.object unittest.mock.patch unittest.mock.patch.dict
    unittest.mock.patch.multiple importlib.reload operator.setitem operator.delitem builtins.dict.__setitem__
    builtins.dict.update builtins.dict.__delitem__ builtins.dict.pop builtins.dict.setdefault
        builtins.dict.clear""".split()
)
SETTING_METHODS: Final = frozenset(
    """
        setattr delattr setitem delitem __setattr__ __delattr__ patch object multiple update __setitem__
        __delitem__ setdefault pop clear popitem __ior__ reload
    """.split()
)


def holds(path: str) -> bool:
    """Whether ``path`` is a module of limits."""
    return path in HOLDERS


def kept(name: str, known: bool, value: object) -> bool:  # noqa: FBT001 -- the pair that constant folding returns
    """Whether assigning ``value`` to the limit ``name`` keeps it as sealed."""
    sealed = SEALED[name]
    return known and type(value) is type(sealed) and value == sealed
