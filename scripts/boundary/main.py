# SPDX-License-Identifier: Apache-2.0
"""The command: reads arguments and settings, scans, reports. Exit 0 clean, 1 violations, 2 could not run or read
nothing."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from boundary import settings
from boundary.rules import RULES, Finding
from boundary.scanning import SKIPPED, Shown, scan_files


@dataclass(frozen=True, slots=True)
class Report:
    """What a scan found and how much it read; of ``sources`` Python files outside wheels ``evaluated`` were evaluated,
    the others are cleared by their words."""

    findings: tuple[Finding, ...]
    files: int
    lines: int
    wheels: int = 0
    sources: int = 0
    evaluated: int = 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; a crash of the scanner is 2, never 1."""
    try:
        return _run(_arguments(argv))
    except (settings.SettingsError, settings.WheelError, OSError) as error:
        print(f"boundary: could not run: {error}", file=sys.stderr)
        return 2
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 2
    except BaseException:  # noqa: BLE001 -- the edge of the process: whatever happens must not look like a finding
        import traceback  # late, like all that a good run does not need

        traceback.print_exc(limit=-4)
        print("boundary: the scanner itself failed: this is not a verdict", file=sys.stderr)
        return 2


def scan(
    paths: Sequence[Path], wheels: Sequence[Path], chosen: settings.Settings, *, processes: int | None = None
) -> Report:
    """Scan folders, files and wheels, and apply the allow-list."""
    files = _files(paths)
    scanned = scan_files(files, chosen, processes)
    found, lines = scanned.findings, scanned.lines
    count = len(files)
    for wheel in wheels:
        from boundary.wheel import scan_wheel  # late: few scans read archives

        read = scan_wheel(wheel, chosen)
        found.extend(read.findings)
        lines, count = lines + read.lines, count + read.files
    shown = frozenset(map(Shown(chosen.root), map(str, files)))
    findings = tuple(sorted(settings.apply(chosen, found, shown)))
    return Report(findings, count, lines, len(wheels), scanned.sources, scanned.evaluated)


def _files(paths: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"{path} does not exist: give a folder or file of the open edition")
        if path.is_file():
            found.append(path)
            continue
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(f for f in folders if f not in SKIPPED and not f.endswith((".egg-info", ".dist-info")))
            found.extend(Path(folder) / name for name in sorted(names))
    return list(dict.fromkeys(found))


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
    read = f"read {report.files} files, {report.lines} lines of Python, {report.wheels} wheels"
    how = f"; {report.evaluated} of {report.sources} sources evaluated, the others are cleared by their words"
    return "\n".join([*lines, f"boundary: {verdict}; {read}{how if report.sources else ''}"])


def _as_json(report: Report) -> str:
    import json  # late, as above

    findings = [{**asdict(f), "mend": RULES[f.rule].mend} for f in report.findings]
    return json.dumps(
        {
            "clean": not findings,
            "files": report.files,
            "lines": report.lines,
            "wheels": report.wheels,
            "sources": report.sources,
            "evaluated": report.evaluated,
            "findings": findings,
        },
        ensure_ascii=False,
        indent=1,
    )
