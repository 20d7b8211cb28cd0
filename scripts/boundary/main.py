# SPDX-License-Identifier: Apache-2.0
"""The command: reads arguments and settings, scans, reports. Exit 0 clean, 1 violations, 2 could not run or read
nothing."""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import traceback
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from boundary import carriers, projects, settings
from boundary.provenance import WheelError
from boundary.rules import RULES, Finding
from boundary.source import scan_source
from boundary.tree import Tree
from boundary.wheel import scan_wheel

_SKIPPED: Final = frozenset(
    (
        ".git",
        "__pycache__",
        ".venv",
        "node_modules",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".hypothesis",
        ".tox",
        ".nox",
    )
)
_MANY: Final = 400_000
_DEEP: Final = 12_000


@dataclass(frozen=True, slots=True)
class Report:
    """What a scan found and how much it read."""

    findings: tuple[Finding, ...]
    files: int
    lines: int
    wheels: int = 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; a crash of the scanner is 2, never 1."""
    try:
        return _run(_arguments(argv))
    except (settings.SettingsError, WheelError, OSError) as error:
        print(f"boundary: could not run: {error}", file=sys.stderr)
        return 2
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 2
    except BaseException:  # noqa: BLE001 -- the edge of the process: whatever happens must not look like a finding
        traceback.print_exc(limit=-4)
        print("boundary: the scanner itself failed: this is not a verdict", file=sys.stderr)
        return 2


def scan(
    paths: Sequence[Path], wheels: Sequence[Path], chosen: settings.Settings, *, processes: int | None = None
) -> Report:
    """Scan folders, files and wheels, and apply the allow-list."""
    files = _files(paths)
    found, lines = _scan_files(files, chosen.root, processes)
    count = len(files)
    for wheel in wheels:
        read = scan_wheel(wheel, chosen.distributions)
        found.extend(read.findings)
        lines, count = lines + read.lines, count + read.files
    shown = frozenset(_shown(file, chosen.root) for file in files)
    return Report(tuple(sorted(settings.apply(chosen, found, shown))), count, lines, len(wheels))


def module_names(files: Sequence[Path]) -> dict[str, Path]:
    """The dotted names of the Python files, by the packages they lie in."""
    names: dict[str, Path] = {}
    packages: dict[Path, bool] = {}
    for file in files:
        if file.suffix == ".py":
            names.setdefault(_module_name(file, packages), file)
    return names


def _module_name(file: Path, packages: dict[Path, bool]) -> str:
    parts = [] if file.stem == "__init__" else [file.stem]
    folder = file.parent
    while packages.setdefault(folder, (folder / "__init__.py").is_file()):
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts) or file.parent.name


def _scan_files(files: Sequence[Path], root: Path, processes: int | None) -> tuple[list[Finding], int]:
    names = module_names(files)
    size = sum(file.stat().st_size for file in files)
    workers = processes or min(os.cpu_count() or 1, 8)
    if workers == 1 or size < _MANY:
        return _portion(files, names, root)
    portions: list[list[Path]] = [[]]
    room = size / workers
    for file in files:  # neighbours stay together: they look into each other
        if room <= 0 and len(portions) < workers:
            portions.append([])
            room += size / workers
        portions[-1].append(file)
        room -= file.stat().st_size
    with ProcessPoolExecutor(workers) as pool:
        done = list(pool.map(_portion, portions, [names] * len(portions), [root] * len(portions)))
    return [f for found, _ in done for f in found], sum(lines for _, lines in done)


def _portion(files: Sequence[Path], names: dict[str, Path], root: Path) -> tuple[list[Finding], int]:
    sys.setrecursionlimit(max(sys.getrecursionlimit(), _DEEP))
    collecting = gc.isenabled()
    gc.disable()  # syntax trees are many small objects without a need for the collector
    try:
        tree, lines = Tree(names), 0
        packages: dict[Path, bool] = {}
        found: list[Finding] = []
        for file in files:
            data = file.read_bytes()
            lines += data.count(b"\n")
            found += _scan_file(file, _shown(file, root), data, tree, packages)
        return found, lines
    finally:
        if collecting:
            gc.enable()


def _scan_file(file: Path, shown: str, data: bytes, tree: Tree, packages: dict[Path, bool]) -> list[Finding]:
    if file.suffix in {".py", ".pyw", ".pyi"}:
        shipped = (file.parent / "__init__.py").is_file()
        return [
            *carriers.python_file(shown, shipped=shipped),
            *scan_source(data, shown, _module_name(file, packages), tree, file),
        ]
    if file.name == "pyproject.toml":
        return projects.project_file(shown, data)
    if file.name == "setup.cfg":
        return projects.setup_cfg(shown, data)
    if file.name.startswith("requirements") and file.suffix == ".txt":
        return projects.requirements_file(shown, data)
    return carriers.data_file(shown, data)


def _files(paths: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"{path} does not exist: give a folder or file of the open edition")
        if path.is_file():
            found.append(path)
            continue
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(f for f in folders if f not in _SKIPPED and not f.endswith((".egg-info", ".dist-info")))
            found.extend(Path(folder) / name for name in sorted(names))
    return list(dict.fromkeys(found))


def _shown(file: Path, root: Path) -> str:
    full = file.resolve()
    return full.relative_to(root.resolve()).as_posix() if full.is_relative_to(root.resolve()) else file.as_posix()


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="enforce_oss_constants.py",
        description="Prove from source that the open edition cannot act.",
        epilog="Example: enforce_oss_constants.py arf-core/src --wheel dist/arf_core-0.1.0-py3-none-any.whl",
    )
    parser.add_argument(
        "paths", nargs="*", type=Path, metavar="PATH", help="folders or files; default: [tool.arf.boundary] paths"
    )
    parser.add_argument(
        "--wheel", nargs="+", action="extend", default=[], type=Path, metavar="FILE", help="built wheels"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    parser.add_argument("--explain", metavar="RULE", help="say why a rule exists and how a finding is mended")
    return parser.parse_args(argv)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.explain:
        return _explain(arguments.explain)
    chosen = settings.load(_start(arguments))
    paths = arguments.paths or ([] if arguments.wheel else list(chosen.paths))
    report = scan(paths, arguments.wheel, chosen)
    source = report.lines or report.wheels
    if not report.files or not source:
        print(
            f"boundary: read {report.files} files and no line of Python: a gate that read nothing fails",
            file=sys.stderr,
        )
        return 2
    print(_as_json(report) if arguments.json else _as_text(report))
    return 1 if report.findings else 0


def _start(arguments: argparse.Namespace) -> Path:
    if arguments.paths:
        first: Path = arguments.paths[0].resolve()
        return first if first.is_dir() else first.parent
    here = Path.cwd()
    return here if settings.load(here).paths or arguments.wheel else Path(__file__).resolve().parent


def _explain(name: str) -> int:
    rule = RULES.get(name.upper())
    if rule is None:
        print(f"boundary: there is no rule {name}: the rules are {', '.join(RULES)}", file=sys.stderr)
        return 2
    print(f"{rule.id}: {rule.reason}.\nMend: {rule.mend}.")
    return 0


def _as_text(report: Report) -> str:
    lines = [f"{f.path}:{f.line}:{f.column} {f.rule} {f.what} → {RULES[f.rule].mend}" for f in report.findings]
    verdict = f"{len(report.findings)} violations" if report.findings else "clean"
    return "\n".join(
        [
            *lines,
            f"boundary: {verdict}; read {report.files} files, {report.lines} lines of Python, {report.wheels} wheels",
        ]
    )


def _as_json(report: Report) -> str:
    findings = [{**asdict(f), "mend": RULES[f.rule].mend} for f in report.findings]
    return json.dumps(
        {
            "clean": not findings,
            "files": report.files,
            "lines": report.lines,
            "wheels": report.wheels,
            "findings": findings,
        },
        ensure_ascii=False,
        indent=1,
    )
