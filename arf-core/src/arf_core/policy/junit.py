# SPDX-License-Identifier: Apache-2.0
"""A trial of policies as JUnit XML."""

from __future__ import annotations

from arf_core.junit import TestCase, junit_xml
from arf_core.policy.trial import Trial, Tried


def trial_xml(trial: Trial) -> bytes:
    """The XML document: a test case a case, failed ones with what differed."""
    return junit_xml("arf policy test", "arf.policy", [_case(tried) for tried in trial.tried])


def _case(tried: Tried) -> TestCase:
    place = {"file": tried.case.place.file, "line": str(tried.case.place.line)}
    if tried.passed:
        return TestCase(name=tried.case.name, place=place)
    return TestCase(
        name=tried.case.name, ended="failure", kind="PolicyTestFailed", says=tuple(tried.differences), place=place
    )
