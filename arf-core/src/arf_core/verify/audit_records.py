# SPDX-License-Identifier: Apache-2.0
"""Records of an audit log: their strict reading, and the leaf that each one is.

The form, schema ``arf.audit-record/1``, is docs/contracts/audit/1. The rules:

1. A record is one object in canonical JSON (RFC 8785), to the byte, with exactly its fields, each by its form.
2. Its leaf is ``SHA-256(0x00 || the bytes of the record)``.
3. ``previous`` is the leaf of the record before it, and null for record 0 and no other.

A record is read in one of two ways. Most are recognised whole by one expression that only canonical text of the right
form can match; what it does not match is parsed, and then it is said what is wrong, if anything is. A property test
holds the two against each other: what the expression takes, the parser takes, with the same result.

Texts need not be printable here: which characters are, depends on the version of Unicode that Python knows, and a
record verifies for ever.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from arf_core.canonical import MAX_SAFE_INTEGER, canonical_bytes, canonical_text
from arf_core.errors import FormatError, InputError
from arf_core.models.frozen import shown
from arf_core.verify.fields import DIGEST, MOST_TEXT, base64_of, matched, object_of, read_json, size_of, time_of

SCHEMA: Final = "arf.audit-record/1"
TENANT: Final = re.compile("[a-z0-9][a-z0-9_-]{0,62}")
LEAST_SEALED: Final = 12 + 16
"""Bytes of sealed personal data at least: a nonce and a tag."""


@dataclass(frozen=True, slots=True)
class Record:
    """What verification needs of a record; ``previous`` are 32 bytes in hex, None where it is null.

    ``at`` is in the canonical spelling, whose order is that of time. ``is_sealed`` says whether it has personal data,
    which are encrypted.
    """

    action: str
    at: str
    tenant: str
    sequence: int
    previous: str | None
    is_sealed: bool


def read_record(data: bytes, *, what: str) -> Record:
    """The record in ``data``, without a newline; ``what`` names it in messages.

    Raises:
        FormatError: rule 1.
        TooLargeError: it has more values than are read.
    """
    return recognised(data) or parsed_record(data, what=what)


def recognised(data: bytes) -> Record | None:
    """The record in ``data``, if it is of the most usual spelling: without escapes in its texts. Else None."""
    try:
        found = _WHOLE.fullmatch(data.decode())
    except UnicodeDecodeError:
        return None
    if found is None:
        return None
    action, at, details, previous, sealed, sequence, tenant = found.groups()
    if not (_is_date(at) and _is_canonical(details) and (sealed is None or _is_sealed(sealed))):
        return None
    return Record(action, at, tenant, int(sequence), previous, sealed is not None)


def parsed_record(data: bytes, *, what: str) -> Record:
    """As :func:`read_record`, by parsing: the rules one after the other, and the first that does not hold is named.

    Raises:
        FormatError: rule 1.
        TooLargeError: it has more values than are read.
    """
    value = read_json(data, what=what)
    record = record_of(value, what=what)
    if canonical_bytes(value) != data:
        raise FormatError(f"{what} is not in canonical form: RFC 8785, without a blank or a second spelling")
    return record


def record_of(value: object, *, what: str) -> Record:
    """The record in a JSON value that was parsed strictly.

    Raises:
        FormatError: a field is missing, unknown or in another form.
    """
    given = object_of(value, what=what, keys=_KEYS)
    if given["schema"] != SCHEMA:
        raise FormatError(f"the schema of {what} is {shown(given['schema'])}: this version reads {SCHEMA!r}")
    for name, (form, rule) in _FORMS.items():
        matched(given[name], form, what=f"the {name} of {what}", rule=rule)
    for name in ("before", "after"):
        if given[name] is not None:
            matched(given[name], DIGEST, what=f"the {name} of {what}", rule="sha256: and 64 hex digits, or null")
    time_of(given["at"], what=f"the at of {what}")
    _check_actor(given["actor"], what)
    if not isinstance(given["details"], Mapping):
        raise FormatError(f"the details of {what} are {shown(given['details'])}: they must be an object")
    if given["sealed"] is not None:
        _check_sealed(given["sealed"], what)
    action, at, tenant = (str(given[name]) for name in ("action", "at", "tenant"))
    return Record(action, at, tenant, _sequence(given, what), _previous(given, what), given["sealed"] is not None)


def _check_actor(value: object, what: str) -> None:
    actor = object_of(value, what=f"the actor of {what}", keys=("issuer", "subject", "method"))
    for name in ("issuer", "subject"):
        matched(actor[name], _TEXT, what=f"the {name} of {what}", rule=_TEXT_RULE)
    matched(actor["method"], _METHOD, what=f"the method of {what}", rule="api_key, oidc, local or system")


def _check_sealed(value: object, what: str) -> None:
    raw = base64_of(value, what=f"the sealed of {what}")
    if len(raw) < LEAST_SEALED:
        raise FormatError(f"the sealed of {what} has {len(raw)} bytes: nonce and tag alone are {LEAST_SEALED}")


def _sequence(given: Mapping[str, object], what: str) -> int:
    sequence = size_of(given["sequence"], what=f"the sequence of {what}")
    if sequence > MAX_SAFE_INTEGER:
        raise FormatError(f"the sequence of {what} is {sequence}: it must fit in 2^53")
    return sequence


def _previous(given: Mapping[str, object], what: str) -> str | None:
    previous = given["previous"]
    if previous is None:
        return None
    return matched(previous, _HASH, what=f"the previous of {what}", rule="64 hex digits, or null")


def _is_date(at: str) -> bool:
    """Whether a time of the one form is one that exists: 30 February has that form, too."""
    try:
        datetime.fromisoformat(at)
    except ValueError:
        return False
    return True


def _is_canonical(details: str) -> bool:
    """Whether the text of an object is the canonical text of what it says; then it has no key twice, either."""
    if details == "{}":
        return True
    try:
        return canonical_text(_DECODER.decode(details)) == details
    except (ValueError, InputError, RecursionError):
        return False


def _is_sealed(text: str) -> bool:
    try:
        return len(base64_of(text, what="it")) >= LEAST_SEALED
    except FormatError:
        return False


_TEXT_RULE: Final = f"a text of 1 to {MOST_TEXT} characters"
_TEXT: Final = re.compile(rf".{{1,{MOST_TEXT}}}", re.DOTALL)
_HASH: Final = re.compile("[0-9a-f]{64}")
_METHOD: Final = re.compile("api_key|oidc|local|system")
_ACTION: Final = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+")
_ENTRY_ID: Final = re.compile("audit_[0-9a-f]{32}")
_KEYS: Final = (
    *("schema", "tenant", "sequence", "previous", "entry_id", "at", "actor", "action", "object", "before", "after"),
    *("request_id", "details", "sealed"),
)
_FORMS: Final[dict[str, tuple[re.Pattern[str], str]]] = {
    "tenant": (TENANT, "small letters, digits, '_' and '-'"),
    "entry_id": (_ENTRY_ID, "audit_ and 32 hex digits"),
    "action": (_ACTION, "a dotted name, such as license.installed"),
    "object": (_TEXT, _TEXT_RULE),
    "request_id": (_TEXT, _TEXT_RULE),
}
_DECODER: Final = json.JSONDecoder()

# The fields in canonical order. A text here has no character that JSON would have to escape.
_PLAIN: Final = rf'"[^"\\\x00-\x1f]{{1,{MOST_TEXT}}}"'
_MAYBE_DIGEST: Final = '(?:null|"sha256:[0-9a-f]{64}")'
_WHOLE: Final = re.compile(
    rf'{{"action":"({_ACTION.pattern})"'
    rf',"actor":{{"issuer":{_PLAIN},"method":"(?:{_METHOD.pattern})","subject":{_PLAIN}}}'
    rf',"after":{_MAYBE_DIGEST}'
    r',"at":"([0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z)"'
    rf',"before":{_MAYBE_DIGEST}'
    r',"details":(\{.*\})'
    rf',"entry_id":"{_ENTRY_ID.pattern}"'
    rf',"object":{_PLAIN}'
    r',"previous":(?:null|"([0-9a-f]{64})")'
    rf',"request_id":{_PLAIN}'
    rf',"schema":"{re.escape(SCHEMA)}"'
    r',"sealed":(?:null|"([A-Za-z0-9+/]+={0,2})")'
    r',"sequence":(0|[1-9][0-9]{0,14})'
    rf',"tenant":"({TENANT.pattern})"}}'
)
