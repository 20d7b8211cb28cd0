# SPDX-License-Identifier: Apache-2.0
"""Packages: read from what is installed, and held against what is required."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.doctor import packages
from arf_core.doctor.finding import State
from arf_core.doctor.packages import Requirement, fits
from arf_core.version import __version__

VERSIONS = st.lists(st.integers(0, 30), min_size=1, max_size=4).map(tuple)


@pytest.mark.promise("CLI-4")
def test_what_is_required_is_installed_here_and_said_with_its_version() -> None:
    found = {finding.check: finding for finding in packages.required()}
    assert {"numpy", "faiss-cpu", "pydantic", "typer", "cryptography"} <= found.keys()
    assert {finding.state for finding in found.values()} == {State.OK}
    assert found["numpy"].found.startswith("numpy 2.")
    assert packages.python().state is State.OK
    assert packages.installed() == __version__


@pytest.mark.promise("CLI-4")
def test_every_extra_is_looked_at() -> None:
    found = {finding.check: finding for finding in packages.optional()}
    assert {"extra api", "extra otlp", "extra plot"} <= found.keys()
    for finding in found.values():
        assert finding.state is State.OK or finding.command == f"pip install 'arf-core[{finding.check[6:]}]'"


@pytest.mark.promise("CLI-4")
def test_a_package_that_is_not_there_or_does_not_fit_gets_the_command_that_installs_it() -> None:
    missing = packages.examined(Requirement(name="no-such-package-of-arf", fits=">=1", extra=None))
    assert (missing.state, missing.found) == (State.FAILED, "no-such-package-of-arf is not installed")
    assert missing.command == "pip install --force-reinstall 'no-such-package-of-arf>=1'"
    old = packages.examined(Requirement(name="numpy", fits=">=1,<2", extra=None))
    assert old.state is State.FAILED
    assert old.found.endswith("is installed: >=1,<2 is needed")


@pytest.mark.parametrize(
    ("installed", "wanted", "expected"),
    [
        ("2.4.6", "<3,>=2.2", True),
        ("2.10", ">=2.9", True),
        ("3", "<3,>=2.2", False),
        ("3.0.0", "<3", False),
        ("2.1.9", ">=2.2", False),
        ("0.10.0", ">=0.10,<0.11", True),
        ("1.0rc1", ">=1", True),
        ("1.0", "==1.0.0", True),
        ("1.0", "", True),
    ],
)
def test_versions_are_compared_by_their_numbers(installed: str, wanted: str, *, expected: bool) -> None:
    assert fits(installed, wanted) is expected


@given(VERSIONS, VERSIONS)
def test_a_version_is_before_at_or_after_another(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    have, bound = ".".join(map(str, one)), ".".join(map(str, other))
    assert fits(have, f">={bound}") is not fits(have, f"<{bound}")
    assert (fits(have, f"<={bound}") and fits(have, f">={bound}")) is fits(have, f"=={bound}")
