# SPDX-License-Identifier: Apache-2.0
"""JUnit XML that readers accept, whatever the names are."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.regress.case import Result
from arf_core.regress.junit import regress_xml

RESULTS = (
    Result(name="a", status="same"),
    Result(name="b", status="changed", changes=("no longer proposed: rollback x", "newly proposed: alert_team x")),
    Result(name="c", status="broken", changes=('<&"> \x1b[2J \u202e',)),
)


@pytest.mark.promise("CLI-5")
def test_each_case_is_a_test_case_a_failure_or_an_error() -> None:
    root = fromstring(regress_xml(RESULTS))
    assert root.tag == "testsuites"
    (suite,) = root
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "3", "failures": "1", "errors": "1", "skipped": "0"
    }  # fmt: skip
    same, changed, broken = suite.findall("testcase")
    assert list(same) == []
    assert changed[0].tag == "failure"
    assert changed[0].get("message") == "no longer proposed: rollback x; newly proposed: alert_team x"
    assert broken[0].tag == "error"
    assert "\\x1b[2J" in str(broken[0].text)


def test_the_same_results_give_the_same_file() -> None:
    assert regress_xml(RESULTS) == regress_xml(RESULTS)


@given(st.text())
def test_every_text_can_be_written(text: str) -> None:
    data = regress_xml([Result(name="n", status="broken", changes=(text,))])
    assert fromstring(data)[0][0][0].tag == "error"
