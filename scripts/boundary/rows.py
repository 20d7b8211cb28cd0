# SPDX-License-Identifier: Apache-2.0
"""Which rule, if any, a module or a member breaks."""

from __future__ import annotations

from functools import cache

from boundary.capabilities import HARMLESS, LATENT, MEMBERS, METHODS
from boundary.modules import MODULES


def row(path: str) -> str | None:
    """The rule of a member of a module, or None where it is harmless."""
    if path in HARMLESS:
        return None
    rule = MEMBERS.get(path)
    if rule is None and "." in path:
        parent = path.rpartition(".")[0]
        rule = MODULES.get(parent) if parent in LATENT and not path.endswith((")", "]")) else None
    return rule


def capable(module: str) -> str | None:
    """The rule of importing ``module``, or None."""
    while module:
        if module in MODULES and module not in LATENT:
            return MODULES[module]
        module = module.rpartition(".")[0]
    return None


def leads(path: str) -> bool:
    """Whether the module or member ``path`` is capable, or has a capability below it."""
    return row(path) is not None or capable(path) is not None or path in LATENT or path in _above()


@cache
def _above() -> frozenset[str]:
    """All that has something capable below it."""
    owners = [f"{owner}.{method}" for method, (_, owners) in METHODS.items() for owner in owners]
    parts = [name.split(".") for name in (*MODULES, *MEMBERS, *owners, "yaml.load")]
    return frozenset(".".join(part[:n]) for part in parts for n in range(1, len(part)))
