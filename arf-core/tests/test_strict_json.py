# SPDX-License-Identifier: Apache-2.0
"""JSON is read without guessing: what two readers could understand differently is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.canonical import canonical_text
from arf_core.errors import FormatError, InputError
from arf_core.strict_json import parse_json

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
)


@given(JSON)
def test_canonical_json_reads_back_to_the_same_value(value: object) -> None:
    text = canonical_text(value)
    assert parse_json(text) == value
    assert canonical_text(parse_json(text.encode())) == text


@given(JSON)
def test_what_python_writes_is_read_as_python_reads_it(value: object) -> None:
    text = json.dumps(value)
    assert repr(parse_json(text)) == repr(json.loads(text))


@pytest.mark.promise("VER-3")
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not JSON"),
        (b'{"a":1', "not JSON: .* line 1, column 7"),
        (b"[1,]", "not JSON"),
        (b"[1]x", "not JSON: Extra data"),
        (b'"\n"', "not JSON: Invalid control character"),
        (b'{"a":1,"b":{"c":1,"c":1}}', "the key 'c' twice"),
        (b'{"a":1,"\\u0061":2}', "the key 'a' twice"),
        (b"NaN", "NaN"),
        (b"[-Infinity]", "-Infinity"),
        (b"1e999", "1e999, which is too large"),
        (b"-1e999", "-1e999, which is too large"),
        (b"9007199254740993", "9007199254740993"),
        (b"-9007199254740993", "-9007199254740993"),
        (b"100000000000000000001", "100000000000000000001"),
        (b"1" * 100_000, "2\\^53"),
        (b"\xff", "not UTF-8: byte 0xff at offset 0"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        (b"\xef\xbb\xbf1", "byte order mark"),
        ("\ufeff1", "byte order mark"),
        ('{"a":1}'.encode("utf-16"), "not UTF-8"),
        (b"[" * 200_000, "the feed is nested too deep to be read$"),
    ],
)
def test_what_readers_could_understand_differently_is_refused(data: bytes | str, reason: str) -> None:
    with pytest.raises(FormatError, match=reason) as refused:
        parse_json(data, what="the feed")
    assert str(refused.value).startswith("the feed ")
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("9007199254740991", 2**53 - 1),
        ("-9007199254740991", -(2**53) + 1),
        ("9007199254740992", 2.0**53),
        ("100000000000000000000", 1e20),
        ("-0", 0),
    ],
)
def test_an_integer_that_is_exactly_a_double_is_read(text: str, value: float) -> None:
    found = parse_json(text)
    assert found == value
    assert type(found) is type(value)


def test_a_repeated_key_is_found_fast_among_many() -> None:
    keys = ",".join(f'"{number}":0' for number in range(100_000))
    with pytest.raises(FormatError, match="the key '99999' twice"):
        parse_json("{" + keys + ',"99999":0}')


def test_what_is_not_text_is_refused() -> None:
    with pytest.raises(InputError, match="the feed is a dict"):
        parse_json({}, what="the feed")  # type: ignore[arg-type]
