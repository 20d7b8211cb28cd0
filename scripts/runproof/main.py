# SPDX-License-Identifier: Apache-2.0
"""The command: plants, drive, namespace, and what people and machines are told."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from runproof.finding import CouldNotRun, Finding, Report
from runproof.namespace import Isolated, isolated
from runproof.parent import broken_off, is_caught, run_drive, run_plant
from runproof.plants import INNOCENT, PLANTS

PROVEN, VIOLATED, COULD_NOT_RUN = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Everything that was found: which escapes were caught, what the drive reported, and the second drive."""

    caught: tuple[str, ...]
    missed: tuple[str, ...]
    drive: Report
    findings: tuple[Finding, ...]
    namespace: Isolated | None

    @property
    def is_proven(self) -> bool:
        """Whether nothing was found, every escape was caught, and something was driven at all."""
        return not self.findings and not self.missed and bool(self.caught) and bool(self.drive.figures)

    def document(self) -> dict[str, object]:
        """The proof as JSON values."""
        return {
            "proven": self.is_proven,
            "findings": [asdict(finding) for finding in self.findings],
            "plants": {"caught": list(self.caught), "missed": list(self.missed)},
            "drive": dict(self.drive.figures),
            "namespace": None if self.namespace is None else asdict(self.namespace),
        }


def prove(arguments: list[str]) -> int:
    """Carry the proof out and print it; the exit code says how it ended."""
    asked = _arguments(arguments)
    try:
        if asked.plant:
            return _one_plant(asked.plant)
        proof = _proof(with_namespace=asked.namespace)
    except CouldNotRun as error:
        print(f"prove_run: could not run: {error}", file=sys.stderr)
        return COULD_NOT_RUN
    print(json.dumps(proof.document(), indent=2) if asked.json else "\n".join(_lines(proof)))
    return PROVEN if proof.is_proven else VIOLATED


def _proof(*, with_namespace: bool) -> Proof:
    heard = {name: run_plant(name) for name in PLANTS}
    missed = tuple(name for name in PLANTS if not is_caught(name, heard[name]))
    if len(missed) == len(PLANTS):
        raise CouldNotRun(f"no planted escape was caught: {next(iter(heard.values())).errors.strip()[-300:]}")
    if alarms := run_plant(INNOCENT).report.findings:
        raise CouldNotRun(f"the innocent control was flagged: {alarms[0]}")
    drive = run_drive()
    if not drive.report.ended and "CouldNotRun" in drive.errors:
        raise CouldNotRun(drive.errors.strip().splitlines()[-1])
    again = isolated() if with_namespace else None
    return Proof(
        caught=tuple(name for name in PLANTS if name not in missed),
        missed=missed,
        drive=drive.report,
        findings=(*drive.report.findings, *broken_off(drive), *(() if again is None else again.findings)),
        namespace=again,
    )


def _one_plant(name: str) -> int:
    heard = run_plant(name)
    for finding in heard.report.findings:
        print(finding)
    if not heard.report.ended and not heard.report.findings:
        raise CouldNotRun(heard.errors.strip()[-300:])
    return VIOLATED if heard.report.findings else PROVEN


def _lines(proof: Proof) -> Iterable[str]:
    figures = proof.drive.figures
    yield from map(str, proof.findings)
    yield from (f"planted escape not caught: {name} ({PLANTS[name].kind})" for name in proof.missed)
    yield f"planted escapes: {len(proof.caught)} of {len(PLANTS)} caught, each by its own detector"
    for name in ("modules", "public_names", "touched", "commands", "command_lines"):
        yield f"{name.replace('_', ' ')}: {figures.get(name, 0)}"
    yield from _mappings("excluded", figures.get("excluded"))
    yield from _mappings("audit events", figures.get("events"))
    for title in ("imports", "listens", "native"):
        found = figures.get(title)
        yield from (f"listed: {line}" for line in (found if isinstance(found, list) else ()))
    yield from (proof.namespace or Isolated(not_run="not asked for (--namespace)")).lines()
    yield "proven: the drive did nothing but compute, read, and write its outputs" if proof.is_proven else "VIOLATED"


def _mappings(title: str, value: object) -> Iterable[str]:
    if isinstance(value, dict):
        yield f"{title}:"
        yield from (f"  {name}: {what}" for name, what in value.items())


def _arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="prove_run.py", description="The run proof of the open edition.")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--namespace", action="store_true", help="drive once more without a network, under strace")
    parser.add_argument("--plant", choices=[*PLANTS, INNOCENT], help="run one planted escape: exit 1 if it is caught")
    return parser.parse_args(arguments)
