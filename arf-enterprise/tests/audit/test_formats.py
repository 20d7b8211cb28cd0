# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What other systems read: CSV, OCSF, CEF, OTLP; each with texts that would break out of it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_enterprise.audit.entry import Actor, Sealed, body_of, record_of
from arf_enterprise.audit.formats import COLUMNS, Event, cef, csv_head, csv_line, ocsf, otlp
from arf_enterprise.audit.reading import Record
from arf_enterprise.audit.testing import PROGRAM, entry


def event(target: str = "key/1", action: str = "key.created", details: Mapping[str, object] | None = None) -> Event:
    one = entry(1, action=action, details=details or {})
    object.__setattr__(one, "target", target)
    body = body_of(one, entry_id="audit_" + "0" * 32, tenant="acme", sealed=Sealed(subject="system", text=None))
    return Event.of(Record(sequence=7, text=record_of(body, sequence=7, previous=b"\0" * 32), leaf=b""))


@pytest.mark.promise("AUD-3")
@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", " =cmd|'/c calc'!A0", "\uff1d1+1"])
def test_a_spreadsheet_takes_no_cell_for_a_formula(evil: str) -> None:
    (row,) = csv.reader(io.StringIO(csv_line(event(evil)), newline=""))
    cell = row[COLUMNS.index("object")]
    assert cell == f"'{evil}"


@pytest.mark.promise("AUD-3")
@given(st.text(min_size=1, max_size=60))
def test_a_line_of_csv_is_one_row_and_says_what_the_record_says(target: str) -> None:
    one = event(target)
    text = csv_head() + csv_line(one)
    head, row = csv.reader(io.StringIO(text, newline=""))
    assert tuple(head) == COLUMNS
    assert len(row) == len(COLUMNS)
    assert row[COLUMNS.index("object")].removeprefix("'") in {one["object"], one["object"].removeprefix("'")}


@pytest.mark.promise("AUD-3")
@given(st.text(alphabet=st.sampled_from(list("ab=|\\ \n\r")), min_size=1, max_size=40))
def test_no_text_breaks_out_of_its_field_of_cef(evil: str) -> None:
    one = event(evil, details={"x": evil})
    message = cef(one)
    assert "\n" not in message
    assert "\r" not in message
    head = re.split(r"(?<!\\)(?:\\\\)*\|", message, maxsplit=7)
    assert head[0] == "CEF:0"
    keys = re.findall(r"(?:^| )([A-Za-z0-9]+)=", re.sub(r"\\.", "", head[7]))
    assert keys[-1] == "cn1"
    assert keys.count("act") == 1
    assert keys.count("cs2") == 1


REQUIRED = {
    6003: {"activity_id", "actor", "api", "category_uid", "class_uid", "metadata", "severity_id", "src_endpoint",
           "time", "type_uid"},
    3002: {"activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid", "user"},
}  # fmt: skip
"""What schema.ocsf.io 1.3.0 requires of the two classes."""


@pytest.mark.promise("AUD-3")
@pytest.mark.parametrize(
    ("action", "kind", "activity", "status"),
    [
        ("key.created", 6003, 1, 1),
        ("key.revoked", 6003, 4, 1),
        ("gate.weighed", 6003, 99, 1),
        ("login.refused", 3002, 1, 2),
    ],
)
def test_an_event_of_ocsf_has_what_its_class_requires(action: str, kind: int, activity: int, status: int) -> None:
    found = ocsf(event(action=action))
    assert set(found) >= REQUIRED[kind]
    assert found["class_uid"] == kind
    assert found["type_uid"] == kind * 100 + activity
    assert found["category_uid"] == kind // 1000
    assert found["status_id"] == status
    assert ("activity_name" in found) is (activity == 99)
    assert json.loads(json.dumps(found))["unmapped"]["action"] == action


@pytest.mark.promise("AUD-3")
def test_otlp_has_its_numbers_as_text_and_the_whole_record_as_body() -> None:
    one = event(action="login.refused")
    (resource,) = json.loads(otlp([one, one], tenant="acme"))["resourceLogs"]
    logs = resource["scopeLogs"][0]["logRecords"]
    assert len(logs) == 2
    assert logs[0]["timeUnixNano"] == str(int(one.at.timestamp()) * 10**9 + one.at.microsecond * 1000)
    assert logs[0]["severityText"] == "WARN"
    assert json.loads(logs[0]["body"]["stringValue"]) == one.value
    assert {"key": "arf.sequence", "value": {"intValue": "7"}} in logs[0]["attributes"]


def test_a_person_stays_a_reference() -> None:
    person = Actor(issuer="https://idp", subject="alice@example.com", method="oidc")
    body = body_of(
        entry(1, actor=person), entry_id="audit_1", tenant="acme", sealed=Sealed(subject="subject_1", text="c2VhbGVk")
    )
    one = Event.of(Record(sequence=0, text=record_of(body, sequence=0, previous=None), leaf=b""))
    for text in (csv_line(one), cef(one), json.dumps(ocsf(one)), otlp([one], tenant="acme").decode()):
        assert "alice" not in text
        assert "subject_1" in text
    assert PROGRAM.subject == "system"
