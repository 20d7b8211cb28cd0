# SPDX-License-Identifier: Apache-2.0
"""Results of regression cases as JUnit XML: a case that changed is a failure, one that could not run an error."""

from __future__ import annotations

from collections.abc import Sequence

from arf_core.junit import TestCase, junit_xml
from arf_core.regress.case import Result


def regress_xml(results: Sequence[Result]) -> bytes:
    """The XML document."""
    return junit_xml("arf regress", "arf.regress", [_case(result) for result in results])


def _case(result: Result) -> TestCase:
    if result.status == "same":
        return TestCase(name=result.name)
    if result.status == "changed":
        return TestCase(name=result.name, ended="failure", kind="RegressionFound", says=tuple(result.changes))
    return TestCase(name=result.name, ended="error", kind="Broken", says=tuple(result.changes))
