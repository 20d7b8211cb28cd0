# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What a check of ``doctor`` found: all is well, something to know, or something that is wrong."""

from __future__ import annotations

from arf_core.doctor.finding import About, Finding, State


def ok(name: str, found: str) -> Finding:
    """All is well with ``name``."""
    return Finding(check=name, about=About.INSTALLATION, state=State.OK, found=found)


def warning(name: str, found: str, command: str | None) -> Finding:
    """Something to know, and the command that mends it, if one does."""
    return Finding(check=name, about=About.INSTALLATION, state=State.WARNING, found=found, command=command)


def failed(name: str, found: str, command: str, *, about: About = About.INSTALLATION) -> Finding:
    """Something is wrong, and ``command`` mends it."""
    return Finding(check=name, about=about, state=State.FAILED, found=found, command=command)
