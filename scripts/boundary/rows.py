# SPDX-License-Identifier: Apache-2.0
"""Which rule, if any, a module or a member breaks."""

from __future__ import annotations

from boundary.capabilities import HARMLESS, LATENT, MEMBERS, MODULES


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
