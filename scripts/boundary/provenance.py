# SPDX-License-Identifier: Apache-2.0
"""Where a wheel comes from: its names, its RECORD, and the source tree it claims to be built from."""

from __future__ import annotations

import base64
import configparser
import csv
import email
import hashlib
import io
import re
import tomllib
from pathlib import Path
from typing import Any

from boundary.rules import Finding
from boundary.settings import WheelError


def named(file: Path, info: str, metadata: bytes) -> list[Finding]:
    """The finding of a wheel whose file name, folder and METADATA disagree."""
    parsed = email.message_from_bytes(metadata)
    stem = file.name.split("-")
    names = {normal(stem[0]), normal(info.partition("-")[0]), normal(str(parsed["Name"] or ""))}
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


def record(file: Path, info: str, members: dict[str, bytes]) -> list[Finding]:
    """The findings of RECORD: what it does not list, lists in vain, or lists with another digest."""
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


def extra_of(text: str) -> str:
    """The extra that a requirement belongs to, or nothing."""
    match = re.search(r"extra\s*==\s*['\"]([^'\"]+)", text)
    return match[1] if match else ""


def entries(members: dict[str, bytes], info: str) -> list[tuple[str, str, str]]:
    """The entry points: group, name and target."""
    parser = configparser.ConfigParser(interpolation=None, strict=False, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(members.get(f"{info}/entry_points.txt", b"").decode())
    except (configparser.Error, UnicodeDecodeError):
        return [("unreadable", "entry_points.txt", "")]
    return [(section, name, value) for section in parser.sections() for name, value in parser[section].items()]


def normal(name: str) -> str:
    """A distribution's name in one spelling."""
    return re.sub(r"[-_.]+", "-", name).lower()


def project_name(project: Path) -> str:
    """The name of the project in that folder."""
    return normal(str(_project(project).get("name", "")))


def _project(project: Path) -> dict[str, Any]:
    try:
        return dict(tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8")).get("project", {}))
    except (OSError, ValueError) as error:
        raise WheelError(f"{project}/pyproject.toml cannot be read: {error}") from error


def compared(file: Path, info: str, members: dict[str, bytes], project: Path) -> list[Finding]:
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
    return found + _undeclared(file, info, members, project)


def _undeclared(file: Path, info: str, members: dict[str, bytes], project: Path) -> list[Finding]:
    """Requirements and entry points that the project does not declare."""
    found = []
    tables = _project(project)
    declared = {_requirement(r) for r in tables.get("dependencies", [])}
    declared |= {
        f"{_requirement(r)}|{normal(e)}" for e, rs in tables.get("optional-dependencies", {}).items() for r in rs
    }
    parsed = email.message_from_bytes(members[f"{info}/METADATA"])
    for text in parsed.get_all("Requires-Dist") or []:
        extra = extra_of(str(text))
        if (f"{_requirement(str(text))}|{normal(extra)}" if extra else _requirement(str(text))) not in declared:
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
        for g, n, t in entries(members, info)
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
    return f"{normal(match[1])}{match[2] or ''}{','.join(sorted((match[3] or '').split(',')))}"
