# SPDX-License-Identifier: Apache-2.0
"""Measures quality and speed: see scripts/bench."""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeVar

import rfc8785
import rich

from arf_core import Advisor, ReliabilityEvent
from arf_core.analysis import analyze
from arf_core.benchmark.suite import markdown, run
from arf_core.ingest.formats import Format
from arf_core.ingest.reading import read
from arf_core.models.incident import Incident
from arf_core.testing import MOMENT, made_incident
from bench_execution import lines as execution_lines
from bench_memory import Plan as MemoryPlan
from bench_memory import lines as memory_lines
from boundary.bench import bench
from lib.servers import storm
from mcpsuite.bench import lines as mcp_lines

_T = TypeVar("_T")
ROOT: Final = Path(__file__).resolve().parent.parent
DATA: Final = Path(os.environ.get("ARF_DATA", ROOT.parent / "shared/data"))
QUALITY: Final = ROOT / "docs/quality.md"
PACKAGES: Final = ("rich", "typer", "httpx")
"""Pure Python, known to many, and not written with this scan in mind."""
PREFACE: Final = """\
# Quality

Kept by `scripts/bench quality --write`; do not edit. How good ARF's answers are on public fault data, beside the
baselines and marks that the data's README gives. The data is not part of this repository.

**Read the figures with care.** They are taken on the data that the methods were developed on: ideas and constants were
chosen while looking at these cases, so expect less elsewhere. The NAB figure is at one fixed threshold for all series.
Localisation from alerts and the choice of action on Sock Shop answer the test half with the train half as memory. What
healed an incident is not in the data; it is taken from its fault type.

"""


def main() -> int:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(description="Measure ARF.")
    parser.add_argument("what", nargs="?", choices=["quality", "speed", "memory", "all"], default="all")
    parser.add_argument("--write", action="store_true", help="keep the quality table in docs/quality.md")
    parser.add_argument("--incidents", type=int, default=30_000, help="how many the persistent memory is measured with")
    arguments = parser.parse_args()
    if arguments.what in {"quality", "all"}:
        quality(write=arguments.write)
    if arguments.what in {"speed", "all"}:
        speed()
    if arguments.what in {"memory", "all"}:
        for line in memory_lines(MemoryPlan(incidents=arguments.incidents)):
            print(line, flush=True)
    return 0


def quality(*, write: bool) -> None:
    """Print the quality table, and keep it if asked."""
    table = markdown(run(DATA))
    print(table)
    if write:
        QUALITY.write_text(PREFACE + table, encoding="utf-8")


def speed() -> None:
    """Print medians, and ratios to the floor of the same run."""
    print("| what | median | p99 | beside its floor |\n|---|---|---|---|")
    one_event()
    batches()
    starts()
    boundary_scan()
    storm.print_rows()
    for line in (*mcp_lines(), *execution_lines()):
        print(line)


def one_event() -> None:
    """Reading → sealed intents with 1,000 incidents in memory; floor: validate, search, canonical JSON, SHA-256."""
    advisor = Advisor()
    advisor.remember(thousand_incidents())
    events = [reading(place) for place in range(1200)]
    answers = iter(events)
    ours = timed(lambda: advisor.advise(next(answers)), times=1000, warm=200)
    documents = [intent.to_dict() for intent in Advisor().advise(events[0]).intents]
    floor = timed(lambda: floor_of_one_event(advisor, documents), times=500, warm=50)
    row("reading → sealed intents, 1,000 incidents remembered", ours, floor)
    row(f"  floor: validate, search, {len(documents)} × (RFC 8785, SHA-256)", floor, floor)


def floor_of_one_event(advisor: Advisor, documents: list[dict[str, object]]) -> None:
    """What cannot be left out, done with the well-kept libraries."""
    event = reading(0)
    advisor.memory.similar(made_incident(component=event.component), now=MOMENT, limit=1, explained=0)
    for document in documents:
        hashlib.sha256(rfc8785.dumps(document)).hexdigest()  # type: ignore[arg-type]


def batches() -> None:
    """100,000 readings of 100 components, one in a hundred abnormal; floor: json.loads of every line."""
    lines = [as_line(place) for place in range(100_000)]
    data = ("\n".join(lines) + "\n").encode()
    batch, reading_s = once(lambda: read(data, now=MOMENT, form=Format.JSONL))
    _, analysis_s = once(lambda: analyze(batch, Advisor(), adaptive=False))
    _, adaptive_s = once(lambda: analyze(batch, Advisor()))
    _, floor_s = once(lambda: [json.loads(line) for line in lines])
    for name, seconds in (
        ("100,000 readings: parse and validate JSONL", reading_s),
        ("100,000 readings: thresholds, grouping, advice", analysis_s),
        ("100,000 readings: the same with the adaptive detector", adaptive_s),
    ):
        print(f"| {name} | {seconds:.2f} s = {len(lines) / seconds:,.0f}/s | | {seconds / floor_s:.1f} × json.loads |")


def starts() -> None:
    """What importing and starting cost once compiled; floor: an empty interpreter."""
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(ROOT / "arf-core/src")], check=True)
    floor = statistics.median(process_ms(["-c", "pass"]) for _ in range(9))
    for name, arguments in (
        ("import arf_core", ["-c", "import arf_core"]),
        ("from arf_core import Advisor", ["-c", "from arf_core import Advisor"]),
        ("arf --help", ["-m", "arf_core.cli", "--help"]),
    ):
        median = statistics.median(process_ms(arguments) for _ in range(9))
        print(f"| {name} | {median:.0f} ms | | {median / floor:.1f} × an empty interpreter ({floor:.0f} ms) |")
    code = "import arf_core; print(next(line for line in open('/proc/self/status') if 'VmHWM' in line).split()[1])"
    used = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout
    print(f"| memory after import arf_core | {int(used) / 1024:.0f} MB | | |")


def boundary_scan() -> None:
    """The boundary scan of our own code, and of well-known packages; floor: ast.parse of the same files."""
    packages = Path(rich.__file__).parent.parent
    corpora = {
        "our packages": [ROOT / "arf-core/src/arf_core", ROOT / "arf-mcp-client/src/arf_mcp_client"],
        **{name: [packages / name] for name in PACKAGES if (packages / name).is_dir()},
    }
    for name, folders in corpora.items():
        found = bench(name, folders)
        print(f"| ast.parse, {name}, {found.lines:,} lines | {found.parse:,.0f} lines/s | | 1.0 × ast.parse |")
        for how, rate, ratio in found.rows():
            print(f"| boundary scan, {name}, {how} | {rate:,.0f} lines/s | | {ratio:.1f} × ast.parse |")


def timed(step: Callable[[], object], *, times: int, warm: int) -> list[float]:
    """The microseconds that ``step`` took, each of ``times`` times, after ``warm`` unmeasured ones."""
    for _ in range(warm):
        step()
    gc.collect()
    found = []
    for _ in range(times):
        start = time.perf_counter_ns()
        step()
        found.append((time.perf_counter_ns() - start) / 1000)
    return found


def once(step: Callable[[], _T]) -> tuple[_T, float]:
    """What ``step`` gave, and the seconds it took."""
    start = time.perf_counter()
    result = step()
    return result, time.perf_counter() - start


def row(name: str, ours: list[float], floor: list[float]) -> None:
    """Print one line of the table."""
    median, p99 = statistics.median(ours), statistics.quantiles(ours, n=100)[98]
    print(f"| {name} | {median:.0f} µs | {p99:.0f} µs | {median / statistics.median(floor):.2f} × |")


def process_ms(arguments: list[str]) -> float:
    """How many milliseconds of processor a new interpreter needs for ``arguments``."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def reading(place: int) -> ReliabilityEvent:
    """A slow component, another one each time, so that no cooldown is met."""
    return ReliabilityEvent(component=f"service-{place}", timestamp=MOMENT, latency_p99=900.0, cpu_util=0.2)


def as_line(place: int) -> str:
    """A reading a second of one of 100 components; one in a hundred is slow."""
    moment = MOMENT + timedelta(seconds=place)
    latency = 900.0 if place % 101 == 7 else 20.0 + place % 7
    return json.dumps(
        {
            "component": f"service-{place % 100}",
            "timestamp": moment.isoformat(),
            "latency_p99": latency,
            "cpu_util": 0.2,
        }
    )


def thousand_incidents() -> list[Incident]:
    """Incidents of three kinds at fifty components over the last days."""
    kinds = (
        (("latency_p99", "throughput"), "slow", "circuit_breaker"),
        (("cpu_util", "latency_p99"), "busy", "scale_out"),
        (("error_rate",), "broken", "rollback"),
    )
    found = []
    for place in range(1000):
        metrics, fault, action = kinds[place % 3]
        made = made_incident(
            f"inc_{place}", component=f"service-{place % 50}", metrics=metrics, fault_type=fault, action=action
        )
        found.append(replace(made, occurred_at=MOMENT - timedelta(minutes=place + 1)))
    return found


if __name__ == "__main__":
    raise SystemExit(main())
