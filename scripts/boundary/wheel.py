# SPDX-License-Identifier: Apache-2.0
"""A built wheel: what it really contains, requires and registers, and whether that is what the source tree builds.

Archives are read, never unpacked; a wheel is judged by the same rules as the tree, and where its project is known
(``distributions`` in the settings) every file, requirement and entry point must be one of the tree.
"""

from __future__ import annotations

import base64
import configparser
import csv
import email
import hashlib
import io
import re
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from boundary import carriers
from boundary.rules import Finding
from boundary.source import Tree, scan_source

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


class WheelError(Exception):
    """The file cannot be read as a wheel."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of a wheel."""

    findings: tuple[Finding, ...]
    files: int
    lines: int


def scan_wheel(file: Path, projects: tuple[Path, ...] = ()) -> Read:
    """The findings in one wheel; ``projects`` are the folders whose wheels are compared with their source.

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
    for name, data in members.items():
        lines += data.count(b"\n") if name.endswith(".py") else 0
        found += _member(f"{file.name}/{name}", name, data, info, packages, tree)
    found += _named(file, info, members[f"{info}/METADATA"])
    found += _record(file, info, members)
    found += _metadata(file, info, members, packages)
    for project in projects:
        if _project_name(project) == _normal(info.partition("-")[0]):
            found += _compared(file, info, members, project)
    return Read(tuple(sorted(set(found))), len(members), lines)


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


def _member(shown: str, name: str, data: bytes, info: str, packages: frozenset[str], tree: Tree) -> list[Finding]:
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
        return [*found, *carriers.python_file(shown, shipped=True), *scan_source(data, shown, module, tree)]
    return [*found, *carriers.data_file(shown, data)]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _named(file: Path, info: str, metadata: bytes) -> list[Finding]:
    parsed = email.message_from_bytes(metadata)
    stem = file.name.split("-")
    names = {_normal(stem[0]), _normal(info.partition("-")[0]), _normal(str(parsed["Name"] or ""))}
    versions = {
        stem[1] if len(stem) > 2 else "",
        info.removesuffix(".dist-info").partition("-")[2],
        str(parsed["Version"] or ""),
    }
    if len(names) > 1 or len(versions) > 1:
        return [
            Finding(
                file.name,
                1,
                1,
                "RECORD",
                f"file name, folder and METADATA disagree: {sorted(names)}, {sorted(versions)}",
                file.name,
            )
        ]
    return []


def _record(file: Path, info: str, members: dict[str, bytes]) -> list[Finding]:
    data = members.get(f"{info}/RECORD")
    if data is None:
        return [Finding(file.name, 1, 1, "RECORD", "the wheel has no RECORD", "RECORD")]
    rows = {row[0]: row[1] for row in csv.reader(io.StringIO(data.decode(errors="replace"))) if len(row) > 1}
    found = []
    for name, content in members.items():
        if name == f"{info}/RECORD":
            continue
        algorithm, _, digest = rows.get(name, "").partition("=")
        if name not in rows:
            found.append(Finding(f"{file.name}/{name}", 1, 1, "RECORD", "not in RECORD", name))
        elif algorithm not in {"sha256", "sha384", "sha512"} or digest != base64.urlsafe_b64encode(
            hashlib.new(algorithm, content).digest()
        ).decode().rstrip("="):
            found.append(Finding(f"{file.name}/{name}", 1, 1, "RECORD", "differs from its digest in RECORD", name))
    found += [
        Finding(f"{file.name}/{name}", 1, 1, "RECORD", "in RECORD but not in the wheel", name)
        for name in rows
        if name not in members
    ]
    return found


def _metadata(file: Path, info: str, members: dict[str, bytes], packages: frozenset[str]) -> list[Finding]:
    shown = f"{file.name}/{info}/METADATA"
    parsed = email.message_from_bytes(members[f"{info}/METADATA"])
    found = [
        f
        for text in parsed.get_all("Requires-Dist") or []
        for f in carriers.requirement(shown, str(text), _extra(str(text)))
    ]
    for group, name, target in _entries(members, info):
        found += carriers.entry(f"{file.name}/{info}/entry_points.txt", group, name, target, packages)
    wheel = email.message_from_bytes(members.get(f"{info}/WHEEL", b""))
    if str(wheel["Root-Is-Purelib"]).lower() != "true":
        found.append(
            Finding(f"{file.name}/{info}/WHEEL", 1, 1, "CARRIER", "the wheel is not pure Python", "Root-Is-Purelib")
        )
    return found


def _extra(text: str) -> str:
    match = re.search(r"extra\s*==\s*['\"]([^'\"]+)", text)
    return match[1] if match else ""


def _entries(members: dict[str, bytes], info: str) -> list[tuple[str, str, str]]:
    parser = configparser.ConfigParser(interpolation=None, strict=False, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(members.get(f"{info}/entry_points.txt", b"").decode())
    except (configparser.Error, UnicodeDecodeError):
        return [("unreadable", "entry_points.txt", "")]
    return [(section, name, value) for section in parser.sections() for name, value in parser[section].items()]


def _project_name(project: Path) -> str:
    return _normal(str(_project(project).get("name", "")))


def _project(project: Path) -> dict[str, Any]:
    try:
        return dict(tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8")).get("project", {}))
    except (OSError, ValueError) as error:
        raise WheelError(f"{project}/pyproject.toml cannot be read: {error}") from error


def _compared(file: Path, info: str, members: dict[str, bytes], project: Path) -> list[Finding]:
    """Rule DIFFERS: the wheel against the tree it claims to be built from."""
    found = []
    source = project / "src"
    for name, data in members.items():
        if not name.startswith(f"{info}/"):
            origin = source / name
            if not origin.is_file() or origin.read_bytes() != data:
                found.append(
                    Finding(
                        f"{file.name}/{name}", 1, 1, "DIFFERS", "not a file of the source tree, byte for byte", name
                    )
                )
    tables = _project(project)
    declared = {_requirement(r) for r in tables.get("dependencies", [])}
    declared |= {
        f"{_requirement(r)}|{_normal(e)}" for e, rs in tables.get("optional-dependencies", {}).items() for r in rs
    }
    parsed = email.message_from_bytes(members[f"{info}/METADATA"])
    for text in parsed.get_all("Requires-Dist") or []:
        extra = _extra(str(text))
        if (f"{_requirement(str(text))}|{_normal(extra)}" if extra else _requirement(str(text))) not in declared:
            found.append(
                Finding(
                    f"{file.name}/{info}/METADATA",
                    1,
                    1,
                    "DIFFERS",
                    f"requires {text}, which the project does not",
                    str(text),
                )
            )
    scripts = {("console_scripts", n, t) for n, t in tables.get("scripts", {}).items()} | {
        ("gui_scripts", n, t) for n, t in tables.get("gui-scripts", {}).items()
    }
    scripts |= {(g, n, t) for g, es in tables.get("entry-points", {}).items() for n, t in es.items()}
    found += [
        Finding(f"{file.name}/{info}/entry_points.txt", 1, 1, "DIFFERS", f"{g}: {n} = {t} is not in the project", n)
        for g, n, t in _entries(members, info)
        if (g, n, t) not in scripts
    ]
    return found


def _requirement(text: str) -> str:
    """A requirement without its extra marker, in one spelling: name and sorted version bounds."""
    plain = re.sub(
        r"\s+",
        "",
        re.sub(
            r"\s*(;|and)\s*\(?extra\s*==.*$", "", str(text).partition(";")[0] if "extra" in str(text) else str(text)
        ),
    )
    match = re.match(r"^([\w.-]+?)(\[[^\]]*\])?\(?([<>=!~].*?)?\)?$", plain)
    if match is None:
        return plain
    return f"{_normal(match[1])}{match[2] or ''}{','.join(sorted((match[3] or '').split(',')))}"
