# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The public MCP conformance suites, run against the Enterprise server with its gate, its keys and its tools."""

from __future__ import annotations

import pytest

from mcpsuite.conformance import ENTERPRISE, PAGE, SUITES, Found, expected, found_of, surprises_of, written
from mcpsuite.nodetools import NoToolsError

pytestmark = pytest.mark.promise("SRV-1")
NOT_DECLARED = ("resources-", "prompts-", "completion-", "input-required-result-non-tool-request")


@pytest.fixture(scope="module")
def found() -> Found:
    """What the suites find; skipped, with the reason, where npm cannot install them."""
    try:
        return found_of(ENTERPRISE)
    except NoToolsError as error:
        pytest.skip(f"MCP CONFORMANCE NOT RUN: {error}")


def test_every_scenario_is_as_expected(found: Found) -> None:
    assert surprises_of(ENTERPRISE, found) == []


def test_of_the_current_revision_what_it_declares_passes_but_for_pages(found: Found) -> None:
    (scenarios,) = (found[suite] for suite in SUITES if "2026-07-28" in suite.name)
    failed = [one.name for one in scenarios if not one.unscored and one.failed]
    assert [name for name in failed if not name.startswith(NOT_DECLARED)] == ["dns-rebinding-protection"]
    assert sum(not one.failed and one.passed > 0 for one in scenarios if not one.unscored) >= 27


def test_a_page_of_another_site_is_refused_in_every_suite(found: Found) -> None:
    for suite, scenarios in found.items():
        (one,) = (one for one in scenarios if one.name == "dns-rebinding-protection")
        assert (one.passed, one.failed) == (1, 1), suite.name


def test_the_page_says_what_the_suites_find(found: Found) -> None:
    assert written(ENTERPRISE, found) in PAGE.read_text(encoding="utf-8"), "run scripts/conformance --write"


def test_every_expected_failure_has_its_reason() -> None:
    assert len(expected(ENTERPRISE.expected)) == 18
