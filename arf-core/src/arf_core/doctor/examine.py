# SPDX-License-Identifier: Apache-2.0
"""Every check, in order, and the mending of what may be mended.

1. Packages come first. While one that is required is missing, nothing else is tried: everything would fail by it.
2. Settings, flags, policies and what surrounds the installation.
3. The parts themselves, tried with the settings that were found (the defaults, where they do not load).

Mending writes a file only where the settings or the command line name one that is not there. It installs nothing and
changes no file that exists: those commands are printed.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from arf_core.doctor import packages
from arf_core.doctor.around import Surroundings
from arf_core.doctor.finding import About, Finding, State
from arf_core.errors import SettingsError


def examine(around: Surroundings) -> tuple[Finding, ...]:
    """What every check found."""
    return tuple(_checks(around))


def mendable(around: Surroundings) -> tuple[tuple[Path, str], ...]:
    """The files that are named and not there, each with the content it shall get."""
    found: list[tuple[Path, str]] = []
    file = around.file
    if file is not None and not file.exists():
        found.append((file, "# The settings of ARF: `arf config show` lists them. This file changes none.\n"))
    policy = _policy_file(around)
    if policy is not None and not policy.exists():
        found.append((policy, files("arf_core.policy").joinpath("defaults.yaml").read_text(encoding="utf-8")))
    return tuple(found)


def _checks(around: Surroundings) -> Iterator[Finding]:
    yield packages.python()
    found = (*packages.required(), *packages.optional())  # 1
    yield from found
    if any(finding.state is State.FAILED for finding in found):
        words = "not checked: install the packages first, then run `arf doctor` again"
        yield Finding(check="everything else", about=About.INSTALLATION, state=State.WARNING, found=words)
        return
    yield from _beyond_packages(around)


def _beyond_packages(around: Surroundings) -> Iterator[Finding]:
    from arf_core.config.oss_config import OSSConfig
    from arf_core.doctor import selftest, surroundings

    settings, loaded = surroundings.settings(around)  # 2
    config = OSSConfig() if loaded is None else loaded.config
    yield settings
    yield surroundings.flags(around)
    yield from surroundings.variables(around)
    yield surroundings.policies(around, config)
    yield surroundings.output(around)
    yield from surroundings.clock(around)
    yield surroundings.terminal(around)
    yield from selftest.tested(config)  # 3


def _policy_file(around: Surroundings) -> Path | None:
    from arf_core.config.oss_config import load

    file = around.file if around.file is not None and around.file.exists() else None
    try:
        named = load(arguments={}, environment=around.environment, file=file).config.policy_file
    except SettingsError:
        return None
    return Path(named) if named else None
