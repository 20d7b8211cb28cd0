# SPDX-License-Identifier: Apache-2.0
"""Records have one spelling, and the two ways of reading one never differ."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from arf_core.canonical import canonical_bytes, write_time
from arf_core.errors import InputError
from arf_core.verify.audit_records import Record, parsed_record, read_record, recognised

RECORD: dict[str, Any] = {
    "schema": "arf.audit-record/1",
    "tenant": "acme",
    "sequence": 7,
    "previous": "ab" * 32,
    "entry_id": "audit_" + "0" * 32,
    "at": "2026-01-02T03:04:05.000006Z",
    "actor": {"issuer": "arf", "subject": "sequencer", "method": "system"},
    "action": "key.created",
    "object": "key/7",
    "before": None,
    "after": "sha256:" + "c" * 64,
    "request_id": "req_7",
    "details": {"a": [1, 2.5, {"b": None}], "z": True},
    "sealed": base64.b64encode(bytes(28)).decode(),
}


def line(**changes: Any) -> bytes:
    return canonical_bytes({**RECORD, **changes})


def record(*, sequence: int, previous: str | None, is_sealed: bool) -> Record:
    return Record(
        action="key.created",
        at="2026-01-02T03:04:05.000006Z",
        tenant="acme",
        sequence=sequence,
        previous=previous,
        is_sealed=is_sealed,
    )


def parsed(data: bytes) -> Record | None:
    try:
        return parsed_record(data, what="it")
    except InputError:
        return None


def test_a_record_says_where_it_stands() -> None:
    expected = record(sequence=7, previous="ab" * 32, is_sealed=True)
    assert read_record(line(), what="it") == recognised(line()) == expected
    first = read_record(line(sequence=0, previous=None, sealed=None), what="it")
    assert first == record(sequence=0, previous=None, is_sealed=False)


@pytest.mark.promise("VER-3")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"schema": "arf.audit-record/2"}, "the schema of it"),
        ({"tenant": "Acme"}, "the tenant of it"),
        ({"tenant": "a" * 64}, "the tenant of it"),
        ({"sequence": -1}, "the sequence of it"),
        ({"sequence": True}, "the sequence of it"),
        ({"sequence": "7"}, "the sequence of it"),
        ({"previous": "AB" * 32}, "the previous of it"),
        ({"previous": ""}, "the previous of it"),
        ({"entry_id": "audit_1"}, "the entry_id of it"),
        ({"at": "2026-02-30T03:04:05.000006Z"}, "the at of it"),
        ({"at": "2026-01-02T24:00:00.000000Z"}, "the at of it"),
        ({"at": "2026-01-02T03:04:05Z"}, "the at of it"),
        ({"at": None}, "the at of it"),
        ({"actor": {"issuer": "a", "subject": "b"}}, "the actor of it lacks 'method'"),
        ({"actor": {"issuer": "a", "subject": "b", "method": "oidc", "name": "Ann"}}, "unknown key 'name'"),
        ({"actor": {"issuer": "a", "subject": "", "method": "oidc"}}, "the subject of it"),
        ({"actor": {"issuer": "a", "subject": "b", "method": "magic"}}, "the method of it"),
        ({"actor": "ann"}, "the actor of it"),
        ({"action": "created"}, "the action of it"),
        ({"action": "Key.created"}, "the action of it"),
        ({"object": ""}, "the object of it"),
        ({"object": "x" * 2001}, "the object of it"),
        ({"before": "sha256:1"}, "the before of it"),
        ({"after": 7}, "the after of it"),
        ({"request_id": None}, "the request_id of it"),
        ({"details": []}, "the details of it"),
        ({"details": None}, "the details of it"),
        ({"sealed": ""}, "the sealed of it"),
        ({"sealed": "AAAA"}, "nonce and tag alone are 28"),
        ({"sealed": base64.b64encode(bytes(28)).decode()[:-1]}, "the sealed of it"),
        ({"sealed": base64.b64encode(bytes(28)).decode()[:-3] + "B=="}, "the sealed of it"),
        ({"signature": "mine"}, "unknown key 'signature'"),
    ],
)
def test_a_field_in_another_form_is_named(changes: dict[str, Any], reason: str) -> None:
    assert recognised(line(**changes)) is None
    with pytest.raises(InputError) as refused:
        read_record(line(**changes), what="it")
    assert reason in str(refused.value)


@pytest.mark.promise("VER-3")
@pytest.mark.parametrize(
    "spelling",
    [
        line().replace(b'"before":null', b'"before": null'),
        line() + b"\n",
        b" " + line(),
        line().replace(b'"key/7"', b'"\\u006bey/7"'),
        line().replace(b'"z":true', b'"z":true,"z":true'),
        line().replace(b'"object"', b'"object":"key/8","object"'),
        line().replace(b"2.5", b"2.50"),
        line().replace(b"[1,", b"[1.0,"),
        line().replace(b"[1,", b"[-0,"),
        line().replace(b"[1,", b"[NaN,"),
        line().replace(b"[1,", b"[9007199254740993,"),
        line().replace(b'"a":[', b'"zz":1,"a":['),
        line().replace(b'"a":[', b'"\\ud800":1,"a":['),
        json.dumps(RECORD).encode(),
        line()[:-1],
        line().replace(b"arf", b"ar\xff"),
        b"{" * 100_000,
    ],
)
def test_no_second_spelling_is_read(spelling: bytes) -> None:
    assert recognised(spelling) is None
    assert parsed(spelling) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"object": 'key/"7"\\'},
        {"object": "\u2028 \u202e é 😀"},
        {"object": "a\nb"},
        {"details": {'},"entry_id":"x': '},"entry_id":"audit_00000000000000000000000000000000","object":"y"'}},
        {"details": {"big": 1e20, "small": 1e-7}},
        {"details": {"": {"": []}}},
    ],
)
def test_what_the_expression_leaves_is_parsed(changes: dict[str, Any]) -> None:
    expected = record(sequence=7, previous="ab" * 32, is_sealed=True)
    assert read_record(line(**changes), what="it") == expected


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.text(min_size=1, max_size=30), st.dictionaries(st.text(), _JSON, max_size=4), st.datetimes())
def test_every_record_is_read_by_both_in_the_same_way(text: str, details: dict[str, Any], at: datetime) -> None:
    try:
        data = line(object=text, details=details, at=write_time(at.replace(tzinfo=UTC)))
    except InputError:
        return
    found = parsed(data)
    assert found is not None
    assert recognised(data) in (None, found)


@given(st.integers(0, len(line()) - 1), st.integers(0, 255), st.integers(0, 3))
@example(0, 0, 0)
def test_the_expression_takes_nothing_that_the_parser_refuses(at: int, byte: int, cut: int) -> None:
    original = line()
    for changed in (
        original[:at] + bytes([byte]) + original[at + 1 :],
        original[:at] + bytes([byte]) + original[at:],
        original[:at] + original[at + cut :],
        original[:at] + original[at : at + cut] + original[at:],
    ):
        quick = recognised(changed)
        assert quick is None or quick == parsed(changed)
