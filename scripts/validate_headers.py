#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks licence headers, and that each built distribution carries its own licence text.

    python scripts/validate_headers.py --directory arf-core --license apache2 [--fix] [--no-build] [--json]

1. Every Python file below DIRECTORY states its licence in an SPDX line among its first three lines.
2. Every distribution (folder with a ``pyproject.toml``) names the licence in its metadata and has the text in
   ``LICENSE``: a file of its own, not a link, which would leave a wheel without text.
3. Its wheel and its sdist, built here, carry exactly that text.

Exit codes: 0 all well, 1 violations, 2 could not run, or read no file at all.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
LICENSES: Final = {
    "apache2": ("Apache-2.0", ROOT / "LICENSE"),
    "commercial": ("LicenseRef-ARF-Enterprise", ROOT / "LICENSE-ENTERPRISE"),
}
SKIPPED: Final = {".venv", "__pycache__", "build", "dist", "node_modules", ".git"}
HEADER_LINES: Final = 3
_SPDX = re.compile(r"#\s*SPDX-License-Identifier:\s*(\S+)\s*")
_BEFORE_HEADER = re.compile(r"#!|#.*coding[:=]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One thing that is wrong: where, what, and how to mend it."""

    path: str
    line: int
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.what} → {self.mend}"


def main() -> int:
    """Run the checks that the arguments ask for and print what they found."""
    arguments = _arguments()
    identifier, text = LICENSES[arguments.license]
    files = list(python_files(arguments.directory))
    if arguments.fix:
        for file in files:
            fix_header(file, identifier)
    projects = [path.parent for path in sorted(arguments.directory.glob("**/pyproject.toml")) if not _skipped(path)]
    try:
        found = [
            *(violation for file in files for violation in check_header(file, identifier)),
            *(violation for project in projects for violation in check_project(project, identifier, text)),
        ]
        built = (
            [] if arguments.no_build else [file for project in projects for file in check_built(project, text, found)]
        )
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"validate_headers: could not run: {error}", file=sys.stderr)
        return 2
    return _report(found, len(files), len(projects), len(built), as_json=arguments.json)


def python_files(directory: Path) -> Iterator[Path]:
    """Every Python file below ``directory`` that is source: environments, caches and build results are not."""
    return (path for path in sorted(directory.rglob("*.py")) if path.is_file() and not _skipped(path))


def check_header(file: Path, identifier: str) -> Iterator[Violation]:
    """Rule 1 for one file."""
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()[:HEADER_LINES]
    stated = [(number, found[1]) for number, line in enumerate(lines, 1) if (found := _SPDX.fullmatch(line))]
    mend = f"write `# SPDX-License-Identifier: {identifier}` in its first lines (--fix does)"
    if not stated:
        yield Violation(path=str(file), line=1, what="states no licence", mend=mend)
    for number, name in stated:
        if name != identifier:
            yield Violation(path=str(file), line=number, what=f"states {name}, not {identifier}", mend=mend)


def fix_header(file: Path, identifier: str) -> None:
    """Give ``file`` its SPDX line where it has none. A line that states another licence is left for a person."""
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    if any(_SPDX.fullmatch(line.rstrip("\n")) for line in lines[:HEADER_LINES]):
        return
    place = sum(1 for line in lines[:2] if _BEFORE_HEADER.match(line))
    lines.insert(place, f"# SPDX-License-Identifier: {identifier}\n")
    file.write_text("".join(lines), encoding="utf-8")


def check_project(project: Path, identifier: str, text: Path) -> Iterator[Violation]:
    """Rule 2 for one distribution."""
    manifest = project / "pyproject.toml"
    metadata = tomllib.loads(manifest.read_text(encoding="utf-8")).get("project", {})
    if metadata.get("license") != identifier:
        yield _wrong(manifest, f"license is {metadata.get('license')!r}", f'write license = "{identifier}"')
    copy = project / "LICENSE"
    if copy.is_symlink() or not copy.is_file():
        yield _wrong(copy, "is not a file of its own", f"copy {text.name} there")
    elif copy.read_bytes() != text.read_bytes():
        yield _wrong(copy, f"differs from {text.name}", f"copy {text.name} there again")


def check_built(project: Path, text: Path, found: list[Violation]) -> Iterator[Path]:
    """Rule 3 for one distribution: build it, add what is wrong to ``found``, and yield what was built."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "hatchling", "build", "-d", folder]
        subprocess.run(command, cwd=project, check=True, capture_output=True)
        for file in sorted(Path(folder).iterdir()):
            texts = [content for name, content in _members(file) if Path(name).name == "LICENSE"]
            digests = [hashlib.sha256(content).hexdigest() for content in texts]
            if digests != [hashlib.sha256(text.read_bytes()).hexdigest()]:
                what = f"{file.name} carries {len(texts)} licence texts, not exactly {text.name}"
                found.append(_wrong(project, what, 'set license-files = ["LICENSE"]'))
            yield file


def _members(file: Path) -> Iterator[tuple[str, bytes]]:
    if file.suffix == ".whl":
        with zipfile.ZipFile(file) as archive:
            yield from ((name, archive.read(name)) for name in archive.namelist())
        return
    with tarfile.open(file) as archive:
        for member in archive.getmembers():
            if (stream := archive.extractfile(member)) is not None:
                yield member.name, stream.read()


def _wrong(path: Path, what: str, mend: str) -> Violation:
    return Violation(path=str(path), line=1, what=what, mend=mend)


def _skipped(path: Path) -> bool:
    return any(part in SKIPPED or part.startswith(".venv") for part in path.parts)


def _report(found: list[Violation], files: int, projects: int, built: int, *, as_json: bool) -> int:
    if as_json:
        counts = {"files": files, "distributions": projects, "built": built}
        print(json.dumps({**counts, "violations": [asdict(violation) for violation in found]}, indent=2))
    else:
        for violation in found:
            print(violation)
        print(f"headers: {files} files, {projects} distributions, {built} built archives, {len(found)} violations")
    if not files:
        print("validate_headers: read no Python file: nothing was checked", file=sys.stderr)
        return 2
    return 1 if found else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--directory", type=Path, required=True, help="the folder to check")
    parser.add_argument("--license", choices=sorted(LICENSES), required=True, help="the licence it is under")
    parser.add_argument("--fix", action="store_true", help="write missing SPDX lines")
    parser.add_argument("--no-build", action="store_true", help="leave out rule 3")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
