# SPDX-License-Identifier: Apache-2.0
"""Reading JSON and taking its fields out, strictly: no unknown key, no missing one, each value of its type.

What would take much more memory than its bytes is refused before it is parsed: a few bytes can be a value.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, cast

from arf_core.canonical import read_time
from arf_core.errors import FormatError, InputError, TooLargeError
from arf_core.models.frozen import shown
from arf_core.strict_json import parse_json

DIGEST: Final = re.compile("sha256:[0-9a-f]{64}")
KIND: Final = re.compile(r"arf\.[a-z][a-z0-9-]{0,60}/[1-9][0-9]{0,3}")
MOST_TEXT: Final = 2000
MAX_VALUES: Final = 2_000_000
"""How many commas and brackets the text of a document may have: each may begin a value."""


def read_json(data: bytes, *, what: str) -> object:
    """The JSON value in ``data``, if it is not made of too many values; ``what`` names it in messages.

    Raises:
        TooLargeError: more than :data:`MAX_VALUES`.
        FormatError: as ``strict_json.parse_json``.
    """
    if has_too_many_values(data):
        raise TooLargeError(f"{what} has more than {MAX_VALUES} values: split it")
    return parse_json(data, what=what)


def has_too_many_values(data: bytes) -> bool:
    """Whether the text ``data`` may have more than :data:`MAX_VALUES` values."""
    return data.count(b",") + data.count(b"[") + data.count(b"{") > MAX_VALUES


def object_of(value: object, *, what: str, keys: Iterable[str], optional: Iterable[str] = ()) -> Mapping[str, object]:
    """``value`` as an object that has exactly ``keys``, and perhaps some of ``optional``.

    Raises:
        FormatError: it is no object, or has an unknown key, or lacks one.
    """
    if not isinstance(value, Mapping):
        raise FormatError(f"{what} is {shown(value)}: it must be an object")
    wanted, allowed = set(keys), {*keys, *optional}
    if unknown := sorted(set(value) - allowed):
        raise FormatError(f"{what} has the unknown key {unknown[0][:80]!r}")
    if missing := sorted(wanted - set(value)):
        raise FormatError(f"{what} lacks {missing[0]!r}")
    return cast("Mapping[str, object]", value)


def list_of(value: object, *, what: str, most: int) -> list[object]:
    """``value`` as a list of at most ``most`` items.

    Raises:
        FormatError: it is no list, or longer.
    """
    if not isinstance(value, list):
        raise FormatError(f"{what} is {shown(value)}: it must be a list")
    if len(value) > most:
        raise FormatError(f"{what} has {len(value)} items: at most {most} are read")
    return value


def text_of(value: object, *, what: str, most: int = MOST_TEXT) -> str:
    """``value`` as a string of 1 to ``most`` printable characters.

    Raises:
        FormatError: it is not.
    """
    if not isinstance(value, str) or not 0 < len(value) <= most or not value.isprintable():
        raise FormatError(f"{what} is {shown(value)}: it must be a text of 1 to {most} printable characters")
    return value


def matched(value: object, form: re.Pattern[str], *, what: str, rule: str) -> str:
    """``value`` as a string that ``form`` matches as a whole; ``rule`` says the form in words.

    Raises:
        FormatError: it does not.
    """
    if not isinstance(value, str) or not form.fullmatch(value):
        raise FormatError(f"{what} is {shown(value)}: it must be {rule}")
    return value


def digest_of(value: object, *, what: str) -> str:
    """``value`` as a digest, ``sha256:`` and 64 hex digits.

    Raises:
        FormatError: it is none.
    """
    return matched(value, DIGEST, what=what, rule="sha256: and 64 hex digits")


def kind_of(value: object, *, what: str) -> str:
    """``value`` as the kind of an artifact, such as ``arf.policy-pack/1``.

    Raises:
        FormatError: it is none.
    """
    return matched(value, KIND, what=what, rule="the kind of an artifact, such as arf.policy-pack/1")


def size_of(value: object, *, what: str) -> int:
    """``value`` as a number of bytes or things: whole, and 0 or more.

    Raises:
        FormatError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise FormatError(f"{what} is {shown(value)}: it must be a whole number, 0 or more")
    return value


def time_of(value: object, *, what: str) -> datetime:
    """``value`` as a time in the canonical spelling.

    Raises:
        FormatError: it is none.
    """
    try:
        return read_time(value if isinstance(value, str) else "")
    except InputError as error:
        raise FormatError(f"{what} is {shown(value)}: it must be a time such as 2026-01-02T03:04:05.000006Z") from error


def bytes_of(value: object, *, what: str, size: int) -> bytes:
    """``value`` as the ``size`` bytes it spells in base64, in the one spelling they have (RFC 4648 section 3.5).

    Raises:
        FormatError: another alphabet, length or spelling.
    """
    found = base64_of(value, what=what)
    if len(found) != size:
        raise FormatError(f"{what} has {len(found)} bytes: it must be {size} bytes in base64")
    return found


def base64_of(value: object, *, what: str) -> bytes:
    """As :func:`bytes_of`, for any number of bytes."""
    try:
        found = binascii.a2b_base64(value if isinstance(value, str) else "", strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise FormatError(f"{what} is {shown(value)}: it must be base64") from error
    if binascii.b2a_base64(found, newline=False).decode("ascii") != value:
        raise FormatError(f"{what} is {shown(value)}: those bytes have another spelling in base64")
    return found
