# SPDX-License-Identifier: Apache-2.0
"""Reading JSON without guessing.

1. UTF-8 only; a byte order mark is refused.
2. A key may stand once in its object.
3. NaN and the infinities are refused, also those that a literal such as ``1e999`` overflows to.
4. An integer literal must be the exact spelling of a double (RFC 8785 section 3.2.2.3): 2^53 + 1 would be rounded by
   other readers, so it is refused, while the 21 digits that RFC 8785 writes for 1e20 are that number.
5. Nesting that would exhaust the interpreter's stack is refused; values that enter an artifact have a lower limit of
   their own (``models.frozen.MAX_DEPTH``).
"""

from __future__ import annotations

import json
import math
from typing import NoReturn

from arf_core.canonical import MAX_SAFE_INTEGER, canonical_text
from arf_core.errors import FormatError, InputError


def parse_json(data: bytes | str, *, what: str = "the input") -> object:
    """The JSON value in ``data``.

    Raises:
        InputError: ``data`` is neither bytes nor a string.
        FormatError: anything the rules above refuse; the message starts with ``what`` and gives the place.
    """
    text = _decoded(data, what)
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise FormatError(f"{what} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise FormatError(f"{what} is nested too deep to be read") from error
    except FormatError as error:
        raise FormatError(f"{what} {error}") from error


def _decoded(data: bytes | str, what: str) -> str:
    text = data if isinstance(data, str) else _from_utf8(data, what)
    if text.startswith("\ufeff"):  # rule 1
        raise FormatError(f"{what} starts with a byte order mark: write it again as UTF-8 without one")
    return text


def _from_utf8(data: object, what: str) -> str:
    if not isinstance(data, (bytes, bytearray)):
        raise InputError(f"{what} is a {type(data).__name__}: JSON is read from bytes or a string")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:  # rule 1
        raise FormatError(f"{what} is not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}") from error


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):  # rule 2
        raise FormatError(f"has the key {_first_repeated(pairs)[:80]!r} twice in one object")
    return found


def _first_repeated(pairs: list[tuple[str, object]]) -> str:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            return key
        seen.add(key)
    raise AssertionError("called only for pairs that repeat a key")


def _whole(literal: str) -> int | float:
    if len(literal) <= 17 and abs(whole := int(literal)) <= MAX_SAFE_INTEGER:
        return whole
    number = float(literal) if len(literal) <= 22 else math.inf
    if not math.isfinite(number) or canonical_text(number) != literal:  # rule 4
        raise FormatError(f"has the integer {literal[:40]}, which does not fit in 2^53: readers would round it")
    return number


def _real(literal: str) -> float:
    number = float(literal)
    if not math.isfinite(number):  # rule 3
        raise FormatError(f"has the number {literal[:40]}, which is too large")
    return number


def _constant(name: str) -> NoReturn:
    raise FormatError(f"has {name}, which is not a JSON number")  # rule 3


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_int=_whole, parse_float=_real, parse_constant=_constant)
