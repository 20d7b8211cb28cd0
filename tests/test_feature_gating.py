# SPDX-License-Identifier: Apache-2.0
"""The edition follows from evidence, never from a claim."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from v3_feature_gating import FEATURES, Evidence, edition_of, evidence, features_of

SCRIPT = Path(__file__).parent.parent / "scripts/v3_feature_gating.py"


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The script, on a machine without an installation, whatever this one has."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ARF_")}
    environment |= {"ARF_DATA": "/nonexistent/arf", **variables}
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, env=environment, check=False
    )


@pytest.mark.promise("BND-7")
def test_here_the_edition_is_oss_and_each_feature_says_why() -> None:
    ran = run("--json", "--strict")
    assert ran.returncode == 0
    answer = json.loads(ran.stdout)
    assert answer["edition"] == "oss"
    assert {feature["name"] for feature in answer["features"]} == set(FEATURES)
    assert all(feature["because"] for feature in answer["features"])
    on = {feature["name"] for feature in answer["features"] if feature["on"]}
    assert "analysis" in on
    assert "autonomous_execution" not in on


@pytest.mark.promise("BND-7")
@pytest.mark.parametrize("variable", ["ARF_TIER", "ARF_EDITION"])
def test_a_variable_that_claims_an_edition_changes_nothing_and_is_a_doubt(variable: str) -> None:
    claimed = run("--json", **{variable: "enterprise"})
    assert json.loads(claimed.stdout)["edition"] == "oss"
    assert claimed.returncode == 0
    strict = run("--strict", **{variable: "enterprise"})
    assert strict.returncode == 1
    assert f"{variable} claims 'enterprise'" in strict.stdout


@pytest.mark.promise("BND-7")
def test_a_licence_without_the_distribution_is_no_edition() -> None:
    found = Evidence(installed={"arf-core": "1"}, licence={"edition": "enterprise"}, claims={}, doubts=())
    assert edition_of(found) == "oss"


def test_an_enterprise_feature_needs_its_module_and_a_licence_that_lists_it() -> None:
    installed = {"arf-core": "1", "arf-enterprise": "1"}
    found = Evidence(installed=installed, licence={"edition": "trial", "features": []}, claims={}, doubts=())
    states = {feature.name: feature for feature in features_of(found)}
    assert edition_of(found) == "trial"
    assert not states["learning_engine"].on
    assert states["analysis"].on


def test_the_advisory_mode_is_no_doubt() -> None:
    assert evidence({"ARF_MCP_MODE": "advisory"}).doubts == ()
