# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The key string: ``ARF-ENT-`` base64url(payload) ``.`` base64url(signature).

1. The payload is canonical JSON (RFC 8785): one licence has one text.
2. Base64url without padding, in its one canonical spelling; nothing before, between or after but white space at the
   ends, which people paste along.
3. The signature is Ed25519 over ``"arf.signature/1\\n" + schema + "\\n" + payload``: the form of every signature of ARF
   (``arf_core.verify.signatures``), so that one over a licence is none over anything else.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from arf_core.canonical import canonical_bytes
from arf_core.errors import InputError
from arf_core.strict_json import parse_json
from arf_core.verify.signatures import DOMAIN, SIGNATURE_SIZE
from arf_enterprise.errors import LicenseMalformed

PREFIX: Final = "ARF-ENT-"
MAX_SIZE: Final = 16_384
"""The longest key, in characters: what is longer is not even decoded."""

_FORM: Final = re.compile(rf"{PREFIX}([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A key string, taken apart: nothing in it is trusted yet."""

    schema: str
    document: Mapping[str, object] = field(repr=False)
    payload: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @property
    def signed(self) -> bytes:
        """What the signature is over (rule 3)."""
        return signed_bytes(self.schema, self.payload)


class Signer(Protocol):
    """Signs with one Ed25519 key (``audit.signing`` has providers)."""

    @property
    def public_key(self) -> bytes:
        """The 32 raw bytes of the public key."""

    @property
    def key_id(self) -> str:
        """``sha256:`` and SHA-256 of the public key."""

    def sign(self, message: bytes) -> bytes:
        """The signature of ``message``, 64 bytes."""


def signed_bytes(schema: str, payload: bytes) -> bytes:
    """What a signature over ``payload`` of a kind is over (rule 3)."""
    return DOMAIN + schema.encode("ascii") + b"\n" + payload


def write(payload: bytes, signature: bytes) -> str:
    """The key string of a signed payload."""
    return f"{PREFIX}{_encoded(payload)}.{_encoded(signature)}"


def read(text: str) -> Token:
    """The parts of a key string.

    Raises:
        LicenseMalformed: it is not in the form above. No part of it is in the message.
    """
    text = text.strip()
    if len(text) > MAX_SIZE:
        raise LicenseMalformed(f"the licence has {len(text)} characters: at most {MAX_SIZE} make one")
    if (found := _FORM.fullmatch(text)) is None:
        raise LicenseMalformed(f"a licence is {PREFIX}, two parts in base64url, and one dot between them")
    payload, signature = _decoded(found[1]), _decoded(found[2])
    if len(signature) != SIGNATURE_SIZE:
        raise LicenseMalformed(f"the signature has {len(signature)} bytes, not {SIGNATURE_SIZE}: it was cut")
    document = _document(payload)
    schema = document.get("schema")
    if not isinstance(schema, str) or not schema.isascii() or "\n" in schema:
        raise LicenseMalformed("the payload does not say its schema")
    return Token(schema=schema, document=document, payload=payload, signature=signature)


def _document(payload: bytes) -> Mapping[str, object]:
    try:
        document = parse_json(payload, what="the payload")
        is_canonical = canonical_bytes(document) == payload
    except InputError as error:
        raise LicenseMalformed("the payload is not strict JSON: it was altered, or has a key twice") from error
    if not isinstance(document, Mapping) or not is_canonical:  # rule 1
        raise LicenseMalformed("the payload is not in its canonical form: it was re-encoded")
    return document


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decoded(text: str) -> bytes:
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise LicenseMalformed("the licence is not base64url: it was cut or altered") from error
    if _encoded(data) != text:  # rule 2: the spare bits of the last character
        raise LicenseMalformed("the licence is not in its canonical base64url: it was re-encoded")
    return data
