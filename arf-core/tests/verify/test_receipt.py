# SPDX-License-Identifier: Apache-2.0
"""A receipt is one line of ASCII that can be checked alone and held against its intent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.errors import ArfError, FormatError, VerificationError
from arf_core.models.healing_intent import HealingIntent
from arf_core.verify.receipt import Receipt, read, write

FIELDS: dict[str, Any] = {
    "action": "alert_team",
    "component": "checkout-api",
    "incident_id": "inc-1",
    "detected_at": datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
    "justification": "error rate 0.41",
    "confidence": 0.75,
}
INTENT = HealingIntent(**FIELDS)
LINE = write(INTENT)
NAMES = st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda text: bool(text.strip(" \t\r\n")))


@pytest.mark.promise("INT-7")
def test_a_receipt_is_one_readable_line() -> None:
    fields = LINE.split(" ")
    assert fields[:-1] == [
        "arf-receipt/1", INTENT.intent_id, INTENT.digest, "alert_team", "checkout-api", "2026-01-02T03:04:05.000006Z",
    ]  # fmt: skip
    assert len(fields[-1]) == 16
    assert read(LINE) == read(LINE + "\n") == read(LINE + "\r\n") == Receipt.of(INTENT)


@pytest.mark.promise("INT-7")
@given(NAMES)
def test_any_component_gives_one_line_of_ascii_that_reads_back(component: str) -> None:
    intent = HealingIntent(**{**FIELDS, "component": component})
    line = write(intent)
    assert line.isascii()
    assert line.isprintable()
    assert len(line.split(" ")) == 7
    assert read(line).component == component
    assert read(line).differences(intent) == ()


@pytest.mark.promise("INT-7")
@pytest.mark.promise("VER-1")
@given(st.integers(0, len(LINE) - 1), st.characters(max_codepoint=255))
def test_no_character_of_a_receipt_can_be_changed(place: int, other: str) -> None:
    altered = LINE[:place] + other + LINE[place + 1 :]
    if altered == LINE:
        assert read(altered) == Receipt.of(INTENT)
        return
    with pytest.raises(ArfError):
        read(altered)


@pytest.mark.promise("VER-3")
@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("arf-receipt/1", "arf-receipt/2", "the format of the receipt"),
        ("sha256:", "sha512:", "the digest of the receipt"),
        ("alert_team", "delete_all", "the action of the receipt"),
        ("checkout-api", "checkout%2Dapi", "it is spelled 'checkout-api'"),
        ("checkout-api", "%c3%a9", "the component of the receipt"),
        ("checkout-api", "%FF", "it is not UTF-8"),
        ("2026-01-02", "2026-02-30", "the detected_at of the receipt"),
        ("alert_team ", "alert_team  ", "this has 8"),
        (" alert_team", "", "this has 6"),
    ],
)
def test_another_form_is_refused_by_field(old: str, new: str, reason: str) -> None:
    with pytest.raises(FormatError, match=reason):
        read(LINE.replace(old, new))


def test_two_lines_are_not_a_receipt() -> None:
    with pytest.raises(FormatError):
        read(f"{LINE}\n{LINE}")


@pytest.mark.promise("INT-7")
def test_an_altered_field_of_the_right_form_is_caught_by_the_check() -> None:
    with pytest.raises(VerificationError, match="the receipt was altered: its check is"):
        read(LINE.replace("checkout-api", "checkout-apj"))


@pytest.mark.promise("INT-7")
def test_a_receipt_is_of_one_intent_only() -> None:
    other = HealingIntent(**{**FIELDS, "justification": "another"})
    assert read(LINE).differences(INTENT) == ()
    assert read(LINE).differences(other) == ("digest",)
    assert read(LINE).differences(HealingIntent(**{**FIELDS, "component": "cart"})) == (
        "intent_id",
        "digest",
        "component",
    )
