# SPDX-License-Identifier: Apache-2.0
"""Verifies licences of the Enterprise edition, offline, with keys that the verifier names (docs/contracts/licence/1).

A licence is ``ARF-ENT-`` base64url(payload) ``.`` base64url(signature), alone in its file. The rules:

1. It has that form, canonical to the byte; white space at its ends is ignored.
2. The payload is canonical JSON, and its schema is ``arf.licence/1``.
3. Every field has its form, and there is none that is unknown. An empty list of features means no features.
4. A trusted key signed it: for that kind, at ``issued_at``, for no tenant. Without trusted keys it does not verify.
5. It ends, its grace included, before that key does; and the development key, whose private half is public, signs
   development licences and nothing else does.
6. Where a time is given, it is valid then, or in its grace: a thing of its own, for no signature is over it.

No part of the key string is ever in a report: whoever has it, has the licence. In this edition a licence switches
nothing on.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from arf_core.canonical import canonical_bytes, write_time
from arf_core.errors import BadPlace, BrokenError, FormatError, InputError, VerificationError
from arf_core.models.frozen import shown
from arf_core.verify.fields import digest_of, list_of, matched, object_of, read_json, size_of, text_of, time_of
from arf_core.verify.report import Report
from arf_core.verify.signatures import ALGORITHM, DOMAIN, SIGNATURE_SIZE, check_ed25519
from arf_core.verify.steps import Steps
from arf_core.verify.trust import TrustedKeys

KIND: Final = "arf.licence/1"
PREFIX: Final = "ARF-ENT-"
PRODUCT: Final = "arf-enterprise"
MAX_SIZE: Final = 16_384
DEVELOPMENT: Final = "development"
DEVELOPMENT_KEY: Final = "sha256:2a934ef775a5be4ddd9ab69c8fb43d87c8325ac0367139bac5de4bfae44348c0"
"""The key that every copy of the Enterprise edition has both halves of, so that it can be tried out."""
LAST: Final = datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """What a licence says; ``ends`` is when its grace is over, too. Whether it is signed is said by a report."""

    licence_id: str
    customer: str
    edition: str
    features: tuple[str, ...]
    nodes: int
    seats: int
    not_before: datetime
    not_after: datetime
    ends: datetime
    issued_at: datetime
    key_id: str
    payload: bytes = field(repr=False)
    sig: bytes = field(repr=False)


def licence_report(data: bytes, *, name: str, trusted: TrustedKeys | None, at: datetime | None = None) -> Report:
    """The report on the licence in ``data``; ``at`` is a time at which it should be valid."""
    steps = Steps()
    try:
        with steps.step("the licence has its form"):
            licence = read_licence(data)
        with steps.step("a trusted key signed it"):  # rule 4
            _check_signed(licence, trusted)
        if at is not None:
            with steps.step(f"it is valid at {write_time(at)}", _standing(licence, at)):  # rule 6
                _check_valid(licence, at)
    except BrokenError as error:
        return steps.failed("licence", name, error.place)
    return Report(
        kind="licence",
        name=name,
        checks=tuple(steps.checks),
        count=1,
        proven=tuple(_proven(licence, at)),
        not_proven=tuple(_not_proven(licence, at)),
    )


def read_licence(data: bytes) -> Licence:
    """The licence in ``data``; its signature has not been looked at.

    Raises:
        FormatError: rules 1 to 3. No part of ``data`` is in the message, but fields of a well-formed payload.
    """
    payload, sig = _parts(data)
    try:
        value = read_json(payload, what="the payload")
        is_canonical = canonical_bytes(value) == payload
    except InputError as error:
        raise FormatError("the payload is not strict JSON: it was altered, or has a key twice") from error
    if not is_canonical:  # rule 2
        raise FormatError("the payload is not in its canonical form: it was encoded again")
    return _licence(value, payload, sig)


def _parts(data: bytes) -> tuple[bytes, bytes]:
    text = data.decode("ascii", "replace").strip()
    if len(text) > MAX_SIZE:
        raise FormatError(f"it has {len(text)} characters: a licence has at most {MAX_SIZE}")
    if (found := _FORM.fullmatch(text)) is None:
        raise FormatError(f"a licence is {PREFIX}, two parts in base64url, and one dot between them, and nothing else")
    payload, sig = _decoded(found[1]), _decoded(found[2])
    if len(sig) != SIGNATURE_SIZE:
        raise FormatError(f"its signature has {len(sig)} bytes, not {SIGNATURE_SIZE}: it was cut")
    return payload, sig


def _decoded(part: str) -> bytes:
    """``part`` in base64url, without padding and in its one spelling (rule 1)."""
    standard = part.replace("-", "+").replace("_", "/") + "=" * (-len(part) % 4)
    try:
        found = binascii.a2b_base64(standard, strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise FormatError("it is not base64url: it was cut or altered") from error
    if binascii.b2a_base64(found, newline=False).decode("ascii") != standard:
        raise FormatError("it is not in the one spelling of base64url: it was encoded again")
    return found


def _licence(value: object, payload: bytes, sig: bytes) -> Licence:
    schema = value.get("schema") if isinstance(value, Mapping) else None
    if schema != KIND:
        raise FormatError(f"what it has signed is {shown(schema)}, and not {KIND}")
    given = object_of(value, what="the licence", keys=_KEYS)
    if given["alg"] != ALGORITHM or given["product"] != PRODUCT:
        raise FormatError(f"its alg and product must be {ALGORITHM} and {PRODUCT}")
    limits = object_of(given["limits"], what="the limits", keys=("nodes", "seats"))
    not_before, not_after, issued_at = (
        time_of(given[name], what=f"its {name}") for name in ("not_before", "not_after", "issued_at")
    )
    if not not_before < not_after <= LAST:
        raise FormatError("its not_after must be later than its not_before, and at most the year 9000")
    return Licence(
        licence_id=text_of(given["licence_id"], what="its licence_id", most=200),
        customer=text_of(given["customer"], what="its customer", most=200),
        edition=matched(given["edition"], _EDITION, what="its edition", rule="one that is sold, or development"),
        features=_features(given["features"]),
        nodes=_count(limits["nodes"], "nodes", 1_000_000),
        seats=_count(limits["seats"], "seats", 1_000_000),
        not_before=not_before,
        not_after=not_after,
        ends=not_after + timedelta(days=_count(given["grace_days"], "grace_days", 90)),
        issued_at=issued_at,
        key_id=digest_of(given["key_id"], what="its key_id"),
        payload=payload,
        sig=sig,
    )


def _features(value: object) -> tuple[str, ...]:
    listed = list_of(value, what="its features", most=64)
    names = [matched(one, _NAME, what="a feature", rule="small letters, digits and '_'") for one in listed]
    if names != sorted(set(names)):
        raise FormatError("its features must be in order, each once")
    return tuple(names)


def _count(value: object, name: str, most: int) -> int:
    if size_of(value, what=f"its {name}") > most:
        raise FormatError(f"its {name} is {shown(value)}: it must be at most {most}")
    return size_of(value, what=f"its {name}")


def _check_signed(licence: Licence, trusted: TrustedKeys | None) -> None:
    if trusted is None:
        raise VerificationError(
            f"it says it is signed by {licence.key_id}, and whether it is could not be judged, because no vendor key "
            "was given: name the keys you trust with --trust; none is ever taken from the artifact"
        )
    key = trusted.by_id.get(licence.key_id)
    if key is None:
        raise VerificationError(
            f"it says it is signed by {licence.key_id}, which is not among the {len(trusted.by_id)} trusted keys"
        )
    check_ed25519(key.public_key, DOMAIN + f"{KIND}\n".encode() + licence.payload, licence.sig, signer=key.key_id)
    key.check_use(kind=KIND, tenant=None, signed_at=licence.issued_at)
    if licence.ends > key.not_after:  # rule 5
        raise VerificationError(f"it ends at {write_time(licence.ends)}, later than the key that signed it")
    if (licence.key_id == DEVELOPMENT_KEY) is not (licence.edition == DEVELOPMENT):
        raise VerificationError(f"a key of this kind does not sign {licence.edition} licences")


def _check_valid(licence: Licence, at: datetime) -> None:
    standing = _standing(licence, at)
    if not licence.not_before <= at < licence.ends:
        stated, asked = f"{write_time(licence.not_before)} to {write_time(licence.ends)}", write_time(at)
        raise BrokenError(BadPlace(where="", what=f"it is {standing}", stated=stated, computed=asked))


def _standing(licence: Licence, at: datetime) -> str:
    if at < licence.not_before:
        return f"not valid yet: it begins at {write_time(licence.not_before)}"
    if at < licence.not_after:
        return f"active, until {write_time(licence.not_after)}"
    if at < licence.ends:
        return f"in its grace, until {write_time(licence.ends)}"
    return f"expired: its grace ended at {write_time(licence.ends)}"


def _proven(licence: Licence, at: datetime | None) -> Iterator[str]:
    features = ", ".join(licence.features) or "none"
    yield f"it is licence {licence.licence_id} ({licence.edition}) for {licence.customer}, signed by {licence.key_id}"
    yield f"it grants {licence.nodes} nodes, {licence.seats} seats and the features: {features}"
    yield (
        f"from {write_time(licence.not_before)} until {write_time(licence.not_after)}, "
        f"and grace until {write_time(licence.ends)}"
    )
    if at is not None:
        yield f"at {write_time(at)} it is {_standing(licence, at)}"


def _not_proven(licence: Licence, at: datetime | None) -> Iterator[str]:
    if at is None:
        yield "that it is valid now: time is not part of the signature; ask with --at TIME"
    yield "that the vendor has not revoked it: hold its id against the vendor's list of revocations"
    if licence.key_id == DEVELOPMENT_KEY:
        yield "that the vendor signed it: both halves of the development key are public"


_FORM: Final = re.compile(rf"{PREFIX}([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_NAME: Final = re.compile("[a-z][a-z0-9_]{0,63}")
_EDITION: Final = re.compile(f"trial|starter|professional|enterprise|{DEVELOPMENT}")
_KEYS: Final = (
    *("schema", "alg", "key_id", "licence_id", "customer", "edition", "product", "features", "limits"),
    *("not_before", "not_after", "grace_days", "issued_at"),
)
