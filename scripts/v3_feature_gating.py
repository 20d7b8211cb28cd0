# SPDX-License-Identifier: Apache-2.0
"""Says which edition runs here, by evidence, and for each feature whether it is on and why.

    python scripts/v3_feature_gating.py [--json] [--strict]

1. The edition follows from what is installed and from a licence that verifies; a flag or variable that claims an
   edition is named, and has no effect.
2. Without the distribution ``arf-enterprise`` the edition is oss, whatever licence lies about.
3. With it, the edition is what ``arf-enterprise license show --json`` says of a licence that it verified: trial, or
   enterprise. Anything else is oss.
4. A feature is on when its module is there and, for those of Enterprise, when the verified licence lists it.
5. A doubt is evidence that contradicts itself, or that could not be read. ``--strict`` fails on any.

Exit codes: 0 said, 1 a doubt and ``--strict``, 2 could not run (arf-core is not installed).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Final

CLAIMS: Final = ("ARF_TIER", "ARF_EDITION", "ARF_MCP_MODE")
"""Variables that older deployments set; they claim, they do not prove."""

NO_LICENCE: Final = "ARF-E-9001"
"""The code with which Enterprise says that no licence was given: that is no doubt, the edition is oss."""

EDITIONS: Final = {"trial": "trial", "starter": "enterprise", "professional": "enterprise", "enterprise": "enterprise"}
"""What a licence may be for → the edition that it makes."""

FEATURES: Final = {
    "analysis": "arf_core.advisor",
    "incident memory": "arf_core.recall.memory",
    "healing policies": "arf_core.policy.decide",
    "offline verification": "arf_core.verify.artifact",
    "advisory MCP": "arf_mcp_client",
    "approval_workflows": "arf_enterprise.governance.approval",
    "autonomous_execution": "arf_enterprise.execution.runbook",
    "audit_trails": "arf_enterprise.audit.log",
    "persistent_storage": "arf_enterprise.stores",
    "learning_engine": "arf_enterprise.learning.posterior",
}
"""Feature → the module that makes it; those of arf_enterprise also need a licence that lists them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was found: versions by distribution, what the licence says once verified, and the claims of variables."""

    installed: Mapping[str, str]
    licence: Mapping[str, object]
    claims: Mapping[str, str]
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """A feature, whether it is on, and why."""

    name: str
    on: bool
    because: str


def main() -> int:
    """Print the edition, its evidence and the features."""
    parser = argparse.ArgumentParser(description="Say which edition runs here, by evidence.")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--strict", action="store_true", help="exit 1 on any doubt")
    arguments = parser.parse_args()
    found = evidence(os.environ)
    if "arf-core" not in found.installed:
        print("v3_feature_gating: arf-core is not installed here: pip install arf-core", file=sys.stderr)
        return 2
    answer = {
        "edition": edition_of(found),
        "evidence": asdict(found),
        "features": [asdict(feature) for feature in features_of(found)],
    }
    print(json.dumps(answer, indent=2) if arguments.json else "\n".join(_lines(found)))
    return 1 if arguments.strict and found.doubts else 0


def evidence(environment: Mapping[str, str]) -> Evidence:
    """What this interpreter has installed, what a licence says, and what variables claim."""
    installed = {
        name: version for name in ("arf-core", "arf-mcp-client", "arf-enterprise") if (version := _version(name))
    }
    licence, doubts = _licence() if "arf-enterprise" in installed else ({}, [])
    claims = {name: environment[name] for name in CLAIMS if environment.get(name)}
    edition = str(licence.get("edition", "oss"))
    doubts += [
        f"{name} claims {value!r}, the evidence says {edition}: the variable has no effect"
        for name, value in claims.items()
        if value not in {edition, "advisory"}
    ]
    if len(set(installed.values())) > 1:
        doubts.append(f"the distributions have different versions: {installed}")
    return Evidence(installed=installed, licence=licence, claims=claims, doubts=tuple(doubts))


def edition_of(found: Evidence) -> str:
    """oss, trial or enterprise."""
    return str(found.licence.get("edition", "oss")) if "arf-enterprise" in found.installed else "oss"


def features_of(found: Evidence) -> tuple[Feature, ...]:
    """Every feature, in the order of the table."""
    return tuple(_feature(name, module, found) for name, module in FEATURES.items())


def _feature(name: str, module: str, found: Evidence) -> Feature:
    distribution = module.partition(".")[0].replace("_", "-")
    if distribution not in found.installed:
        return Feature(name=name, on=False, because=f"{distribution} is not installed")
    if not _is_there(module):
        return Feature(name=name, on=False, because=f"{module} is not built")
    if distribution != "arf-enterprise":
        return Feature(name=name, on=True, because=f"{distribution} {found.installed[distribution]} has it")
    listed = found.licence.get("features", [])
    if isinstance(listed, list) and name in listed:
        return Feature(name=name, on=True, because="the verified licence lists it")
    return Feature(name=name, on=False, because="no verified licence lists it")


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _licence() -> tuple[dict[str, object], list[str]]:
    """What Enterprise says of the licence it verified, and the doubts about that."""
    command = [sys.executable, "-m", "arf_enterprise.cli", "license", "show", "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        said = json.loads(ran.stdout)
    except json.JSONDecodeError:
        return {}, [f"`arf-enterprise license show --json` exited {ran.returncode} and did not print JSON"]
    if isinstance(said, dict) and isinstance(error := said.get("error"), dict):
        code = str(error.get("code"))
        if code == NO_LICENCE:
            return {}, []
        what = (
            "there is a licence, and it does not permit executions" if ran.returncode == 9 else "no licence can be read"
        )
        return {}, [f"{what} ({code})"]
    if not isinstance(said, dict) or ran.returncode != 0 or said.get("may_execute") is not True:
        return {}, ["`arf-enterprise license show` says of no licence that it permits executions now"]
    if said.get("edition") == "development":
        return {}, ["a development licence proves nothing: anybody can sign one"]
    if (edition := EDITIONS.get(str(said.get("edition")))) is None:
        return {}, ["`arf-enterprise license show` names no edition that is sold"]
    return {**said, "edition": edition}, []


def _lines(found: Evidence) -> list[str]:
    installed = ", ".join(f"{name} {version}" for name, version in found.installed.items())
    return [
        f"edition: {edition_of(found)}",
        f"installed: {installed}",
        *(f"doubt: {doubt}" for doubt in found.doubts),
        *(f"{'on ' if feature.on else 'off'}  {feature.name}: {feature.because}" for feature in features_of(found)),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
