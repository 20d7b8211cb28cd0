# SPDX-License-Identifier: Apache-2.0
"""``[tool.arf.boundary]`` of a ``pyproject.toml``: which folders are the open edition, and what is allowed, why and
by whom.

::

    [tool.arf.boundary]
    paths = ["arf-core/src", "arf-core/pyproject.toml"]
    distributions = ["arf-core"]          # folders whose wheels are compared with their source

    [[tool.arf.boundary.allow]]
    path = "arf-core/src/arf_core/loading.py"
    rule = "DYN-IMPORT"
    expression = "import_module(name)"    # the exact text of the finding
    reason = "the names are those of the package's own modules"
    owner = "core"

``[[tool.arf.boundary.grant]]`` gives one file single members of a capable module: see ``grants``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from boundary.grants import GRANTED, NOTHING, Grant, requirement, used
from boundary.rules import RULES, Finding


class WheelError(Exception):
    """The file cannot be read as a wheel."""


class SettingsError(Exception):
    """The settings cannot be read; the message names the file and what is wrong."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """One allow-list entry."""

    path: str
    rule: str
    expression: str
    reason: str
    owner: str

    def covers(self, finding: Finding) -> bool:
        """Whether the entry is about this finding, to the letter of its expression."""
        return (self.path, self.rule, self.expression) == (finding.path, finding.rule, finding.expression)


@dataclass(frozen=True, slots=True)
class Settings:
    """What one project configured; ``root`` is the folder of its ``pyproject.toml``."""

    root: Path
    paths: tuple[Path, ...] = ()
    distributions: tuple[Path, ...] = ()
    allowed: tuple[Allowed, ...] = ()
    bare: tuple[Finding, ...] = field(default=())
    grants: Mapping[str, Grant] = field(default_factory=dict)

    def grant(self, shown: str) -> Grant:
        """What the file reported as ``shown`` is granted."""
        return self.grants.get(shown, NOTHING)


def load(start: Path) -> Settings:
    """The settings of the nearest ``pyproject.toml`` at or above ``start`` that has the table; else none.

    Raises:
        SettingsError: the file is not TOML, or the table has a wrong shape.
    """
    for folder in (start, *start.parents):
        file = folder / "pyproject.toml"
        if file.is_file():
            table = _table(file)
            if table is not None:
                return _settings(file, table)
    return Settings(start)


def _table(file: Path) -> dict[str, object] | None:
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file} cannot be read: {error}") from error
    table = data.get("tool", {}).get("arf", {}).get("boundary")
    if table is not None and not isinstance(table, dict):
        raise SettingsError(f"{file}: [tool.arf.boundary] must be a table")
    return table


def _settings(file: Path, table: dict[str, object]) -> Settings:
    unknown = table.keys() - {"paths", "distributions", "allow", "grant"}
    if unknown:
        raise SettingsError(f"{file}: unknown keys in [tool.arf.boundary]: {', '.join(sorted(unknown))}")
    entries = table.get("allow", [])
    if not isinstance(entries, list):
        raise SettingsError(f"{file}: allow must be a list of tables")
    complete = [e for e in entries if _complete(e)]
    bare = tuple(
        Finding(file.name, 1, 1, "ALLOW-BARE", f"entry {n + 1} of the allow-list is incomplete or names no rule: {e!r}")
        for n, e in enumerate(entries)
        if not _complete(e)
    )
    grants, unfit = _grants(file, table)
    return Settings(
        file.parent,
        tuple(file.parent / p for p in _texts(file, table, "paths")),
        tuple(file.parent / p for p in _texts(file, table, "distributions")),
        tuple(Allowed(**{key: e[key] for key in Allowed.__slots__}) for e in complete),
        (*bare, *unfit),
        {grant.path: grant for grant in grants},
    )


def _grants(file: Path, table: dict[str, object]) -> tuple[list[Grant], list[Finding]]:
    entries = table.get("grant", [])
    if not isinstance(entries, list):
        raise SettingsError(f"{file}: grant must be a list of tables")
    found: list[Grant] = []
    unfit: list[Finding] = []
    for number, entry in enumerate(entries, start=1):
        fits = _fits(entry) and entry["path"] not in {grant.path for grant in found}
        if fits:
            found.append(_grant(entry))
        else:
            what = f"grant {number} is incomplete, or its path has one already: {entry!r}"
            unfit.append(Finding(file.name, 1, 1, "ALLOW-BARE", what))
    return found, unfit


def _grant(entry: dict[str, Any]) -> Grant:
    return Grant(
        path=entry["path"],
        members=frozenset(entry.get("members", ())),
        arguments={name: tuple(listed) for name, listed in entry.get("arguments", {}).items()},
        requires=frozenset(requirement(text) for text in entry.get("requires", ())),
        reason=entry["reason"],
        owner=entry["owner"],
    )


def _fits(entry: object) -> bool:
    if not isinstance(entry, dict) or not {"path", "reason", "owner"} <= entry.keys():
        return False
    if entry.keys() - {"path", "reason", "owner", "members", "arguments", "requires"}:
        return False
    lists = [entry.get("members", []), entry.get("requires", []), *_values(entry.get("arguments", {}))]
    members = set(lists[0]) if isinstance(lists[0], list) and all(isinstance(m, str) for m in lists[0]) else set()
    return (
        all(isinstance(each, list) and all(isinstance(text, str) and text for text in each) for each in lists)
        and bool(lists[0] or lists[1])
        and all("." in member for member in members)
        and set(entry.get("arguments", {})) <= members
        and all(isinstance(entry[key], str) and entry[key].strip() for key in ("path", "reason", "owner"))
        and len(entry["reason"].split()) > 2
    )


def _values(table: object) -> list[object]:
    return list(table.values()) if isinstance(table, dict) else [None]


def _complete(entry: object) -> bool:
    if not isinstance(entry, dict) or entry.keys() != set(Allowed.__slots__):
        return False
    return (
        all(isinstance(v, str) and v.strip() for v in entry.values())
        and entry["rule"] in RULES
        and len(entry["reason"].split()) > 2
    )


def _texts(file: Path, table: dict[str, object], key: str) -> list[str]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise SettingsError(f"{file}: {key} must be a list of texts")
    return value


def apply(settings: Settings, findings: list[Finding], read: frozenset[str]) -> list[Finding]:
    """The findings that no entry covers, and one for each entry that covers nothing although its file was read."""
    notes = {finding for finding in findings if finding.rule == GRANTED}
    findings = [finding for finding in findings if finding.rule != GRANTED]
    left = [f for f in findings if not any(a.covers(f) for a in settings.allowed)]
    stale = [
        Finding(a.path, 1, 1, "ALLOW-STALE", f"allowed {a.rule} {a.expression!r} ({a.owner}), which is not there")
        for a in settings.allowed
        if not any(a.covers(f) for f in findings) and _is_read(settings, a.path, read)
    ]
    stale += [
        Finding(grant.path, 1, 1, "ALLOW-STALE", f"granted {what} ({grant.owner}), which is not used")
        for grant in settings.grants.values()
        if _is_read(settings, grant.path, read)
        for what in (*sorted(grant.members), *sorted("; ".join(filter(None, pair)) for pair in grant.requires))
        if used(grant.path, what) not in notes
    ]
    return [*left, *stale, *settings.bare]


def _is_read(settings: Settings, path: str, read: frozenset[str]) -> bool:
    return path in read or not (settings.root / path).exists()
