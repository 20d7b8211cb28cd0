# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Policies to start from. They ship with the package, and are in force nowhere until somebody pushes one."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from arf_enterprise.errors import NotFound

TEMPLATES: Final = {
    "observe": "says what it would do, and does nothing",
    "advise": "says what it would do, and tells the team",
    "approve": "every change is approved by people",
    "bounded-autonomy": "what is small and went well before runs by itself",
}
"""Name → what it does."""


def template(name: str) -> str:
    """The text of the template ``name``.

    Raises:
        NotFound: there is none of that name.
    """
    if name not in TEMPLATES:
        raise NotFound(f"{name!r:.60} is no template: there are {', '.join(TEMPLATES)}")
    return (files("arf_enterprise.governance") / "starters" / f"{name}.yaml").read_text(encoding="utf-8")
