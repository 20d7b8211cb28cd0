# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The preconditions of a change on a supervisord, both ways: what would make it fail, found out by looking alone."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions.supervisor_rpc import Rpc
from arf_enterprise.actions.supervisor_settings import Settings


def problems(words: FrozenMap, settings: Settings, rpc: Rpc) -> tuple[str, ...]:
    """What stands in the way of ``words`` (a change's forward) and of undoing them; empty if nothing does.

    Raises:
        TargetUnavailable, TargetRefused: supervisord does not answer, or says no.
    """
    found = [*_not_writable(settings.state_folder)]
    if words["do"] == "switch" and settings.releases is not None:
        link = settings.releases.link
        found += [*_not_writable(link.parent), *_unreadable(link, str(words["from"]), str(words["to"]))]
    if words["do"] == "add" and settings.replicas is not None:
        names = tuple(cast("Mapping[str, str]", words["groups"]))
        found += [*_not_writable(settings.replicas.folder), *_taken(names, settings.replicas.folder, rpc.configured())]
    return tuple(found)


def _not_writable(folder: Path) -> Iterator[str]:
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        yield f"{folder} is no folder that this process can write to"


def _unreadable(link: Path, *texts: str) -> Iterator[str]:
    for text in texts:
        folder = Path(os.path.normpath(link.parent / text))
        if not folder.is_dir() or not os.access(folder, os.R_OK | os.X_OK):
            yield f"the release {folder} is no folder that can be read"


def _taken(names: tuple[str, ...], folder: Path, configured: frozenset[str]) -> Iterator[str]:
    for name in names:
        if name in configured:
            yield f"supervisord has a group {name} already"
        if (folder / f"{name}.conf").exists():
            yield f"{folder / name}.conf is there already"
