# SPDX-License-Identifier: Apache-2.0
"""A built wheel: what it really contains, requires and registers, and whether that is what the source tree builds.

Archives are read, never unpacked; a wheel is judged by the same rules as the tree, and where its project is known
(``distributions`` in the settings) every file, requirement and entry point must be one of the tree.
"""

from __future__ import annotations

import email
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from boundary import carriers, projects, provenance
from boundary.grants import GRANTED, NOTHING, Grant
from boundary.rules import Finding
from boundary.settings import Settings, WheelError
from boundary.source import scan_source
from boundary.tree import Tree

_LARGEST: Final = 64 * 1024 * 1024
_METADATA: Final = frozenset(
    (
        "METADATA",
        "WHEEL",
        "RECORD",
        "entry_points.txt",
        "top_level.txt",
        "REQUESTED",
        "INSTALLER",
        "direct_url.json",
        "sbom.json",
    )
)


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of a wheel."""

    findings: tuple[Finding, ...]
    files: int
    lines: int


def scan_wheel(file: Path, chosen: Settings) -> Read:
    """The findings in one wheel; ``chosen.distributions`` are the folders whose wheels are compared with their source,
    and whose grants hold for it.

    Raises:
        WheelError: it is no zip archive, has no metadata, or holds something too large to read.
    """
    members = _members(file)
    info = next((n.partition("/")[0] for n in members if re.fullmatch(r"[^/]+\.dist-info/METADATA", n)), None)
    if info is None:
        raise WheelError(f"{file} has no .dist-info/METADATA: it is not a wheel")
    found: list[Finding] = []
    lines = 0
    top = re.sub(
        r"[-.]+", "_", info.rpartition("-")[0].partition("-")[0] if info.count("-") > 1 else info.partition("-")[0]
    ).lower()
    packages = _tops(members, top)
    tree = Tree({})
    owners = [
        p for p in chosen.distributions if provenance.project_name(p) == provenance.normal(info.partition("-")[0])
    ]
    for name, data in members.items():
        lines += data.count(b"\n") if name.endswith(".py") else 0
        grant = _grant(chosen, owners, f"src/{name}")
        found += _member(f"{file.name}/{name}", name, data, info, packages, tree, grant)
    found += provenance.named(file, info, members[f"{info}/METADATA"])
    found += provenance.record(file, info, members)
    found += _metadata(file, info, members, packages, _grant(chosen, owners, "pyproject.toml"))
    for project in owners:
        found += provenance.compared(file, info, members, project)
    found = [finding for finding in found if finding.rule != GRANTED]
    return Read(tuple(sorted(set(found))), len(members), lines)


def _grant(chosen: Settings, owners: list[Path], name: str) -> Grant:
    """What the file ``name`` of the wheel's own distribution is granted."""
    shown = [path.relative_to(chosen.root) / name for path in owners if path.is_relative_to(chosen.root)]
    return chosen.grant(shown[0].as_posix()) if shown else NOTHING


def _members(file: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = [e for e in archive.infolist() if not e.is_dir()]
            if sum(e.file_size for e in entries) > _LARGEST * 8 or any(e.file_size > _LARGEST for e in entries):
                raise WheelError(f"{file} holds a file too large to read")
            return {e.filename if n == 0 else f"{e.filename}#{n}": archive.read(e) for n, e in _numbered(entries)}
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise WheelError(f"{file} cannot be read as a wheel: {error}") from error


def _numbered(entries: list[zipfile.ZipInfo]) -> list[tuple[int, zipfile.ZipInfo]]:
    seen: dict[str, int] = {}
    numbered = []
    for entry in entries:
        numbered.append((seen.get(entry.filename, 0), entry))
        seen[entry.filename] = seen.get(entry.filename, 0) + 1
    return numbered


def _tops(members: dict[str, bytes], own: str) -> frozenset[str]:
    """The packages the wheel may carry: the one named like the distribution, or the only one there is."""
    tops = {
        n.partition("/")[0] for n in members if "/" in n and not n.partition("/")[0].endswith((".dist-info", ".data"))
    }
    matching = {t for t in tops if t.lower() == own}
    return frozenset(matching or (tops if len(tops) == 1 else {own}))


def _member(
    shown: str, name: str, data: bytes, info: str, packages: frozenset[str], tree: Tree, grant: Grant
) -> list[Finding]:
    top, _, rest = name.partition("/")
    if top.endswith(".data"):
        return [Finding(shown, 1, 1, "OUTSIDE", "a wheel's .data folder is installed outside the package", name)]
    if top == info:
        known = rest in _METADATA or rest.startswith(
            ("licenses/", "license_files/", "sboms/", "LICENSE", "LICENCE", "NOTICE", "AUTHORS", "COPYING")
        )
        return [] if known else [Finding(shown, 1, 1, "OUTSIDE", "an unknown file in .dist-info", name)]
    found = []
    if top not in packages or ".." in name or name.startswith("/") or "\\" in name or "#" in name:
        found.append(Finding(shown, 1, 1, "OUTSIDE", f"outside the package {', '.join(sorted(packages))}", name))
    if name.endswith((".py", ".pyw", ".pyi")):
        module = name.rpartition(".")[0].replace("/", ".").removesuffix(".__init__")
        return [
            *found,
            *carriers.python_file(shown, shipped=True),
            *scan_source(data, shown, module, tree, grant=grant),
        ]
    return [*found, *carriers.data_file(shown, data)]


def _metadata(
    file: Path, info: str, members: dict[str, bytes], packages: frozenset[str], grant: Grant
) -> list[Finding]:
    shown = f"{file.name}/{info}/METADATA"
    parsed = email.message_from_bytes(members[f"{info}/METADATA"])
    found = [
        f
        for text in parsed.get_all("Requires-Dist") or []
        for f in projects.requirement(shown, str(text), provenance.extra_of(str(text)), grant)
    ]
    for group, name, target in provenance.entries(members, info):
        found += projects.entry(f"{file.name}/{info}/entry_points.txt", group, name, target, packages)
    wheel = email.message_from_bytes(members.get(f"{info}/WHEEL", b""))
    if str(wheel["Root-Is-Purelib"]).lower() != "true":
        found.append(
            Finding(f"{file.name}/{info}/WHEEL", 1, 1, "CARRIER", "the wheel is not pure Python", "Root-Is-Purelib")
        )
    return found
