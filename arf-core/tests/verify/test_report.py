# SPDX-License-Identifier: Apache-2.0
"""A report never says more than it checked."""

from __future__ import annotations

import pytest

from arf_core.errors import BadPlace
from arf_core.verify.report import Check, Report


@pytest.mark.promise("VER-2")
def test_a_report_that_checked_nothing_is_not_ok() -> None:
    assert not Report(kind="intent", name="x", checks=(), proven=("everything",)).ok
    assert Report(kind="intent", name="x", checks=(), proven=("everything",)).proven == ()


@pytest.mark.promise("VER-2")
def test_where_one_check_fails_nothing_is_proven() -> None:
    good, bad = Check(what="a", ok=True), Check(what="b", ok=False)
    assert Report(kind="intent", name="x", checks=(good,), proven=("a",)).proven == ("a",)
    report = Report(kind="intent", name="x", checks=(good, bad), proven=("a",))
    assert not report.ok
    assert report.proven == ()


def test_a_bad_place_prints_its_place_and_both_digests() -> None:
    assert (
        str(BadPlace(where="line 3", what="digest", stated="s", computed="c"))
        == "line 3: digest (stated s, computed c)"
    )
    assert str(BadPlace(where="", what="not JSON")) == "not JSON"
