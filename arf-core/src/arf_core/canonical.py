# SPDX-License-Identifier: Apache-2.0
"""Canonical text and digests: the only hashing in ARF.

Canonical JSON is RFC 8785 (JCS). A digest is SHA-256 over a *hash domain* (an ASCII name, then a newline) followed by
the canonical bytes, so an artifact of one kind can never pass for one of another kind:
``digest = "sha256:" + hex(SHA-256(domain + "\\n" + JCS(value)))``.

Strings are kept as given (no Unicode normalisation); numbers are IEEE 754 doubles, so integers beyond ±(2^53 - 1) are
refused, as are NaN and the infinities; a time is written in UTC with microseconds, ``2026-01-02T03:04:05.000006Z``.

The writer below is our own because every intent passes it; the package ``rfc8785`` stays the reference that a property
test holds it against, and still spells the numbers that Python and ECMAScript spell differently. JCS is compositional:
the text of an object is that of its members, joined in the order of their keys. So what enters several digests is
written once (:func:`object_text`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring  # in C, with the escapes of RFC 8785 section 3.2.2.2
from types import MappingProxyType
from typing import Final

import rfc8785

from arf_core.errors import InputError

MAX_SAFE_INTEGER: Final = 2**53 - 1

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6})Z", re.ASCII)


class Written:
    """A value that keeps its own canonical text: what several intents share is written once."""

    __slots__ = ()

    def written(self) -> str:
        """The canonical text of this value."""
        raise NotImplementedError


def canonical_text(value: object) -> str:
    """The RFC 8785 text of a JSON value (mappings, lists and tuples, strings, finite numbers, booleans, None).

    Raises:
        InputError: a value JSON cannot carry exactly: NaN, an infinity, an integer beyond 2^53 - 1, a key that is not a
            string, a type that JSON does not have. (A lone surrogate shows only in :func:`canonical_bytes`.)
    """
    try:
        return _WRITERS.get(type(value), _other)(value)
    except RecursionError as error:
        raise InputError("the value is nested too deep to have canonical JSON") from error


def canonical_bytes(value: object) -> bytes:
    """The RFC 8785 bytes of a JSON value.

    Raises:
        InputError: as :func:`canonical_text`, and for a lone surrogate.
    """
    return _encoded(canonical_text(value))


def object_text(members: Mapping[str, str]) -> str:
    """The canonical text of an object from the canonical texts of its members.

    The keys are names of our own fields: ASCII letters, digits and ``_``, which need no escapes.
    """
    return "{" + ",".join([f'"{key}":{text}' for key, text in sorted(members.items())]) + "}"


def member_texts(members: Mapping[str, object]) -> dict[str, str]:
    """The canonical text of each member, for :func:`object_text`.

    Raises:
        InputError: as :func:`canonical_text`.
    """
    try:
        return {name: _WRITERS.get(type(value), _other)(value) for name, value in members.items()}
    except RecursionError as error:
        raise InputError("the value is nested too deep to have canonical JSON") from error


def digest(domain: str, value: object) -> str:
    """``sha256:`` and the 64 hex digits of ``value`` in a hash domain, such as ``arf.healing-intent/1``."""
    return text_digest(domain, canonical_text(value))


def text_digest(domain: str, text: str) -> str:
    """The :func:`digest` of the value whose canonical text is ``text``."""
    return "sha256:" + hashlib.sha256(domain.encode("ascii") + b"\n" + _encoded(text)).hexdigest()


def short_id(prefix: str, value: Mapping[str, object]) -> str:
    """``prefix`` and the first 16 hex digits of SHA-256 over the canonical bytes, without a domain (design.md 4)."""
    return text_short_id(prefix, canonical_text(value))


def text_short_id(prefix: str, text: str) -> str:
    """The :func:`short_id` of the value whose canonical text is ``text``."""
    return prefix + hashlib.sha256(_encoded(text)).hexdigest()[:16]


def file_digest(data: bytes) -> str:
    """``sha256:`` and the hex SHA-256 of raw bytes: for files, not for values."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def write_time(moment: datetime) -> str:
    """An aware time in UTC with microseconds, such as ``2026-01-02T03:04:05.000006Z``.

    Raises:
        InputError: as :func:`in_utc`.
    """
    return _written_time(in_utc(moment))


def read_time(text: str) -> datetime:
    """The time that :func:`write_time` wrote.

    Raises:
        InputError: any other spelling, so that one moment has one spelling.
    """
    if not (found := _TIME.fullmatch(text)):
        raise InputError(f"{text[:40]!r} is not a time in the form 2026-01-02T03:04:05.000006Z")
    try:
        return datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
    except ValueError as error:
        raise InputError(f"{text!r} is not a date that exists") from error


def in_utc(moment: datetime) -> datetime:
    """The same moment as a plain ``datetime`` in UTC, with nothing of its old zone, fold or class left.

    Raises:
        InputError: a naive time, which ``astimezone`` would take for local time, or a moment outside years 1 to 9999.
    """
    if moment.tzinfo is UTC and type(moment) is datetime and not moment.fold:
        return moment
    if moment.utcoffset() is None:
        raise InputError(f"{moment.isoformat()} has no time zone")
    try:
        utc = moment.astimezone(UTC)
    except OverflowError as error:
        raise InputError(f"{moment.isoformat()} is not in the years 1 to 9999 of UTC") from error
    return datetime(utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, utc.microsecond, tzinfo=UTC)


@lru_cache(maxsize=4096)
def _written_time(utc: datetime) -> str:
    """Remembered, because an advice writes the same moment many times; in UTC, equal moments have equal texts."""
    return utc.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _array(value: Iterable[object]) -> str:
    return "[" + ",".join([_WRITERS.get(type(item), _other)(item) for item in value]) + "]"


def _object(value: Mapping[str, object]) -> str:
    try:
        ordinary = "".join(value).isascii()  # for ASCII keys, the order of code points is that of UTF-16
    except TypeError as error:
        raise InputError(f"the value has no canonical JSON: a key is not a string ({error})") from error
    # The keys differ, so a comparison of two members never gets to their values.
    members = sorted(value.items()) if ordinary else sorted(value.items(), key=_utf16_order)
    return "{" + ",".join([f"{quoted(key)}:{_WRITERS.get(type(item), _other)(item)}" for key, item in members]) + "}"


def _utf16_order(member: tuple[str, object]) -> bytes:
    """Keys are ordered by their UTF-16 code units (RFC 8785 section 3.2.3), not by code points."""
    return member[0].encode("utf-16-be", "surrogatepass")


def _real(value: float) -> str:
    spelling = repr(value)
    if "e" in spelling or "n" in spelling:  # exponents are spelled otherwise in ECMAScript; nan and inf are refused
        return _reference(value)
    if spelling.endswith(".0"):
        return "0" if value == 0 else spelling[:-2]
    return spelling


def _whole(value: int) -> str:
    if -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
        return repr(value)
    size = value.bit_length()
    raise InputError(f"the value has no canonical JSON: an integer of {size} bits does not fit in 2^53")


def _other(value: object) -> str:
    """A member of a subclass counts as the plain value it is; what is none of JSON's types is refused."""
    if isinstance(value, Written):
        return value.written()
    if isinstance(value, Mapping):
        return _object(value)
    if isinstance(value, (list, tuple)):
        return _array(value)
    if isinstance(value, str):
        return quoted(str.__str__(value))
    if isinstance(value, int):
        return _whole(int.__int__(value))
    if isinstance(value, float):
        return _real(float.__float__(value))
    raise InputError(f"the value has no canonical JSON: {type(value).__name__} is not a JSON type")


def _reference(value: float) -> str:
    try:
        return rfc8785.dumps(value).decode("ascii")
    except rfc8785.CanonicalizationError as error:
        raise InputError(f"the value has no canonical JSON: {error}") from error


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(f"the value has no canonical JSON: a lone surrogate U+{ord(text[error.start]):04X}") from error


quoted: Final[Callable[[str], str]] = encode_basestring
"""The canonical text of a string."""
# By exact type, for this is the hot path of sealing: a dictionary look-up and a call, most often into C.
_WRITERS: Final[Mapping[type, Callable[..., str]]] = {
    str: quoted,
    float: _real,
    int: _whole,
    bool: {True: "true", False: "false"}.__getitem__,
    type(None): {None: "null"}.__getitem__,
    tuple: _array,
    list: _array,
    dict: _object,
    MappingProxyType: _object,
}
