# SPDX-License-Identifier: Apache-2.0
"""Every command and every option of ``arf``, with good and bad inputs, inside this process.

Whether that is every one is checked against the typer application itself: :func:`missing`.
"""

from __future__ import annotations

import io
import os
import runpy
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from runproof import bundles, ingest, operations, policies, verification

FAULTS: Final = "faults"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One command line (paths relative to the folder of inputs; ``OUT`` is the folder of outputs) and its exit code."""

    line: str
    code: int = 0
    stdin: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    terminal: bool = False


_GOOD: Final = (
    "--version",
    "--help",
    "analyze alerts.json --out OUT/intents.jsonl --quiet",
    "analyze alerts.json --json --format alertmanager --topology calls.json --config arf.toml",
    "analyze prometheus.json --format prometheus --now 2026-01-02T03:04:05Z",
    "analyze readings.jsonl --format jsonl --strict",
    "analyze readings.jsonl --thresholds-only --policy policy.yaml",
    "analyze readings.csv --format csv -q",
    "analyze window.json --format json --plot OUT/plot.svg --memory memory.jsonl",
    "analyze bare.json --baseline baseline.json --json",
    "analyze incident.json --memory memory.jsonl",
    "analyze some-bad.jsonl",
    "verify OUT/intents.jsonl --json",
    "verify OUT/receipt --intent OUT/intent.json",
    "verify OUT/intents.jsonl --quiet",
    "receipt OUT/intent.json --json",
    "receipt OUT/intent.json --quiet",
    "capabilities",
    "capabilities --json",
    "capabilities --quiet",
    "config show --origin --config arf.toml",
    "config show --json",
    "config show --quiet",
    "explain",
    "explain arf-1004 --json",
    "explain all --quiet",
    "export incidents --memory memory.jsonl --format json --json",
    "export incidents --memory memory.jsonl --quiet",
    "export incidents",
    "export config --config arf.toml --format json --json",
    "export config --quiet",
    f"benchmark {FAULTS}",
    f"benchmark {FAULTS} recall --json",
    f"benchmark {FAULTS} actions --quiet",
    "demo --out OUT/demo.jsonl",
    "demo --json",
    "demo --quiet",
)
_BAD: Final = (
    "--nonsense",
    "nonsense",
    "analyze",
    "analyze empty",
    "analyze cut.json --json",
    "analyze none.json",
    "analyze some-bad.jsonl --strict",
    "analyze alerts.json --now 2026-01-02",
    "analyze alerts.json --policy bad-policy.yaml",
    "analyze alerts.json --config raised.toml",
    "analyze alerts.json --out OUT/none/intents.jsonl",
    "analyze readings.csv --plot OUT/plot.gif",
    "receipt alerts.json",
    "config show --config raised.toml",
    "explain ARF-9999",
    "export config --format xml",
    f"benchmark {FAULTS} nonsense",
    "benchmark none",
)
_HELP: Final = (
    "analyze",
    "verify",
    "receipt",
    "capabilities",
    "config show",
    "explain",
    "export incidents",
    "export config",
    "benchmark",
    "demo",
)
BESIDE: Final = 3
"""How many command lines :func:`drive` runs beside :data:`RUNS`: two by ``python -m``, one whose reader has gone."""

RUNS: Final = (
    *(Run(line=f"{command} --help") for command in (*_HELP, *bundles.HELP, *policies.HELP)),
    *(Run(line=f"{command} --help") for command in (*ingest.HELP, *operations.HELP)),
    *(Run(line=line) for line in _GOOD),
    *(Run(line=line, code=6) for line in _BAD),
    *(Run(line=line) for line in bundles.GOOD),
    *(Run(line=line, code=6) for line in bundles.BAD),
    *(Run(line=line, code=2) for line in bundles.UNSOUND),
    *(Run(line=line) for line in verification.GOOD),
    *(Run(line=line, code=6) for line in verification.BAD),
    *(Run(line=line, code=2) for line in verification.UNSOUND),
    *(Run(line=line) for line in policies.GOOD),
    *(Run(line=line) for line in ingest.GOOD),
    *(Run(line=line, code=6) for line in ingest.BAD),
    Run(line=ingest.PROTOBUF, code=ingest.protobuf_code()),
    *(Run(line=line, code=5) for line in policies.CHANGED),
    *(Run(line=line, code=6) for line in policies.BAD),
    Run(line="analyze window.json --plot OUT/plot.png", code=0 if find_spec("PIL") else 7),
    *(Run(line=line) for line in operations.GOOD),
    *(Run(line=line, code=6) for line in operations.BAD),
    *(Run(line=line, code=code, environment=around) for line, code, around in operations.SURROUNDED),
    Run(line="verify alerts.json", code=2),
    Run(line="analyze - --json", stdin="alerts.json"),
    Run(line="analyze readings.jsonl", environment={"ARF_LATENCY_WARNING": "10", "ARF_LATENCY_CRITICAL": "15"}),
    Run(line="analyze alerts.json", terminal=True),
    Run(line="demo", environment={"ARF_DEBUG": "1", "NO_COLOR": "1"}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """A command that ended with another exit code than it should."""

    line: str
    expected: int
    code: int


def drive(inputs: Path, outputs: Path) -> Iterator[Wrong]:
    """Run everything; what ended otherwise than it should comes back."""
    for run in RUNS:
        if "OUT/intent.json" in run.line:
            _single_out(outputs)
        if (code := _run(run, inputs, outputs)) != run.code:
            yield Wrong(line=run.line, expected=run.code, code=code)
    for arguments in (["explain", "ARF-1000"], ["explain", "ARF-9999"]):
        expected = 0 if arguments[1] == "ARF-1000" else 6
        if (code := _as_module(arguments)) != expected:
            yield Wrong(line=f"python -m arf_core.cli {' '.join(arguments)}", expected=expected, code=code)
    if (code := _into_closed_pipe(outputs)) != 0:
        yield Wrong(line="capabilities | head -n 0", expected=0, code=code)


def missing(runs: tuple[Run, ...] = RUNS) -> tuple[str, ...]:
    """The commands, options and arguments of ``arf`` that no successful run uses."""
    import typer.main

    from arf_core.cli.main import app

    good = [run.line.split() for run in runs if run.code == 0]
    return tuple(_missing(typer.main.get_command(app), (), good))


def count() -> int:
    """How many commands ``arf`` has, groups not counted."""
    import typer.main

    from arf_core.cli.main import app

    return _leaves(typer.main.get_command(app))


def _leaves(command: Any) -> int:
    inside = getattr(command, "commands", {})
    return sum(map(_leaves, inside.values())) if inside else 1


def _missing(command: Any, path: tuple[str, ...], runs: list[list[str]]) -> Iterator[str]:
    name = " ".join(("arf", *path))
    inside = getattr(command, "commands", {})
    own = [run[len(path) :] for run in runs if tuple(run[: len(path)]) == path]
    if not own:
        yield name
    for one in command.params:
        options = {*one.opts, *one.secondary_opts}
        if one.param_type_name == "option" and not any(options & set(run) for run in own):
            yield f"{name} {one.opts[0]}"
    if not inside and not _has_arguments(command, own):
        yield f"{name}: its arguments"
    for sub, below in inside.items():
        yield from _missing(below, (*path, sub), runs)


def _has_arguments(command: Any, runs: list[list[str]]) -> bool:
    wanted = sum(one.param_type_name == "argument" for one in command.params)
    flags = {option for one in command.params if getattr(one, "is_flag", False) for option in one.opts}
    return any(_positional(run, flags) >= wanted for run in runs)


def _positional(run: list[str], flags: set[str]) -> int:
    valued = sum(word.startswith("-") and word != "-" and word not in flags for word in run)
    return sum(not word.startswith("-") or word == "-" for word in run) - valued


def _run(run: Run, inputs: Path, outputs: Path) -> int:
    from arf_core.cli.main import run as arf

    names = {path.name for path in inputs.iterdir()} | {"none", "none.json"}
    words = [str(inputs / word) if word in names else word.replace("OUT", str(outputs)) for word in run.line.split()]
    with _stdin(None if run.stdin is None else inputs / run.stdin), _environment(run.environment):
        if not run.terminal:
            return arf(words)
        with redirect_stderr(_Terminal()):
            return arf(words)


def _single_out(outputs: Path) -> None:
    """One sealed intent, and its receipt, as files of their own."""
    from arf_core.models.healing_intent import HealingIntent
    from arf_core.verify.receipt import write

    line = (outputs / "intents.jsonl").read_text(encoding="utf-8").splitlines()[0]
    (outputs / "intent.json").write_text(line, encoding="utf-8")
    (outputs / "receipt").write_text(write(HealingIntent.from_json(line)), encoding="utf-8")


def _as_module(arguments: list[str]) -> int:
    before, sys.argv = sys.argv, ["arf", *arguments]
    try:
        runpy.run_module("arf_core.cli", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        return int(ended.code or 0)
    finally:
        sys.argv = before
    return -1


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class _Closed(io.StringIO):
    """Standard output whose reader has gone; ``fileno`` is a file that may be closed over."""

    def __init__(self, file: io.FileIO) -> None:
        super().__init__()
        self._file = file

    def write(self, _text: str) -> int:
        raise BrokenPipeError

    def fileno(self) -> int:
        return self._file.fileno()


def _into_closed_pipe(outputs: Path) -> int:
    from arf_core.cli.main import run as arf

    with io.FileIO(str(outputs / "closed"), "w") as file:
        before, sys.stdout = sys.stdout, _Closed(file)
        try:
            return arf(["capabilities"])
        finally:
            sys.stdout = before


@contextmanager
def _stdin(file: Path | None) -> Iterator[None]:
    before = sys.stdin
    if file is not None:
        sys.stdin = io.TextIOWrapper(io.BytesIO(file.read_bytes()))
    try:
        yield
    finally:
        sys.stdin = before


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            del os.environ[name]
