# SPDX-License-Identifier: Apache-2.0
"""Canonical JSON is RFC 8785, byte for byte, and digests are in hash domains."""

from __future__ import annotations

import hashlib
import struct
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from enum import IntEnum, StrEnum

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from arf_core.canonical import (
    canonical_bytes,
    canonical_text,
    digest,
    file_digest,
    object_text,
    read_time,
    short_id,
    text_digest,
    text_short_id,
    write_time,
)
from arf_core.errors import InputError

TEXT = st.text(st.characters(codec="utf-8"))
DOUBLES = st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("<d", bits.to_bytes(8, "little"))[0])
NUMBERS = (
    st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | DOUBLES.filter(lambda number: abs(number) <= 1.7976931348623157e308)
)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=30,
)


@given(JSON)
@example({"\ufb33": 1, "\U0001f600": 2})
@example([1e-7, 1e-6, 1e20, 1e21, 1e16, 1e15, -0.0, 5e-324, 100.0, 1.7976931348623157e308, 9007199254740992.0])
@example({'\x00\x1f\x7f"\\/\u2028': '\x00\b\t\n\x0b\f\r\x1f\x7f"\\/\u2028\ufeff\U0001f600'})
def test_our_bytes_are_those_of_the_reference_implementation(value: object) -> None:
    assert canonical_bytes(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@given(NUMBERS)
def test_every_number_is_spelled_as_the_reference_spells_it(number: float) -> None:
    assert canonical_bytes(number) == rfc8785.dumps(number)


@given(st.dictionaries(TEXT, JSON, max_size=5))
def test_the_order_of_keys_has_no_effect(value: dict[str, object]) -> None:
    assert canonical_bytes(dict(reversed(list(value.items())))) == canonical_bytes(value)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        ([float("-inf")], "inf"),
        (2**53, "2^53"),
        (-(2**53), "2^53"),
        ([10**5000], "2^53"),
        ({1: 2}, "key"),
        ({"a": 1, 2: 3}, "key"),
        ({None: 1}, "key"),
        ("\ud800", "surrogate U+D800"),
        ({"\udc00": 1}, "surrogate U+DC00"),
        (b"bytes", "bytes"),
        ({1, 2}, "set"),
        (1j, "complex"),
    ],
)
def test_what_json_cannot_carry_is_refused_with_the_reason(value: object, reason: str) -> None:
    with pytest.raises(InputError) as refused:
        canonical_bytes(value)
    assert reason in str(refused.value)


def test_a_value_that_contains_itself_is_refused() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(InputError, match="nested too deep"):
        canonical_bytes(endless)


class _Colour(StrEnum):
    RED = "red"


class _Level(IntEnum):
    HIGH = 3


class _Loud(str):
    __slots__ = ()

    def __str__(self) -> str:
        return self.upper()


def test_a_member_of_a_subclass_is_written_as_the_plain_value_it_is() -> None:
    assert canonical_text([_Colour.RED, _Level.HIGH, _Loud("a")]) == '["red",3,"a"]'


def test_true_is_not_one() -> None:
    assert canonical_text([True, 1, 1.0, False, 0, -0.0]) == "[true,1,1,false,0,0]"


def test_an_object_is_the_join_of_its_members() -> None:
    members = {"b": canonical_text([1.0]), "a": canonical_text("x")}
    assert object_text(members) == canonical_text({"b": [1.0], "a": "x"})


@pytest.mark.promise("INT-3")
def test_a_digest_is_sha_256_in_its_hash_domain() -> None:
    expected = "sha256:" + hashlib.sha256(b'arf.test/1\n{"a":1}').hexdigest()
    assert digest("arf.test/1", {"a": 1.0}) == text_digest("arf.test/1", '{"a":1}') == expected
    assert digest("arf.test/2", {"a": 1}) != expected


def test_a_short_id_is_the_start_of_sha_256_without_a_domain() -> None:
    expected = "x_" + hashlib.sha256(b'{"a":1}').hexdigest()[:16]
    assert short_id("x_", {"a": 1}) == text_short_id("x_", '{"a":1}') == expected


def test_a_file_digest_is_over_the_raw_bytes() -> None:
    assert file_digest(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


OFFSETS = st.timedeltas(min_value=timedelta(hours=-23), max_value=timedelta(hours=23)).map(timezone)


@given(
    st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds are naive
    OFFSETS,
    st.integers(0, 1),
)
@example(datetime(1, 1, 2, tzinfo=UTC), timezone(timedelta(seconds=1, microseconds=1)), 1)
def test_one_moment_has_one_spelling_in_every_zone(moment: datetime, zone: tzinfo, fold: int) -> None:
    text = write_time(moment)
    assert write_time(moment.astimezone(zone).replace(fold=fold)) == text
    assert len(text) == 27
    assert read_time(text) == moment


def test_a_year_below_1000_has_four_digits() -> None:
    assert write_time(datetime(33, 4, 3, tzinfo=UTC)) == "0033-04-03T00:00:00.000000Z"


def test_a_time_that_can_only_be_guessed_is_refused() -> None:
    with pytest.raises(InputError, match="no time zone"):
        write_time(datetime(2026, 1, 2))  # noqa: DTZ001 - naive on purpose


def test_a_moment_outside_the_calendar_of_utc_is_refused() -> None:
    with pytest.raises(InputError, match="years 1 to 9999"):
        write_time(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))))


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05.000006",
        "2026-01-02T03:04:05.000006+00:00",
        "2026-01-02 03:04:05.000006Z",
        "2026-01-02T03:04:05.000006Z\n",
        "2026-02-30T03:04:05.000006Z",
        "0000-01-01T00:00:00.000000Z",
        "٢٠٢٦-01-02T03:04:05.000006Z",
        "",
    ],
)
def test_another_spelling_of_a_time_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        read_time(text)
