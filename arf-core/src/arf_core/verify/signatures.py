# SPDX-License-Identifier: Apache-2.0
"""Signed statements: one form for everything that is signed. Verified here; signed nowhere in this edition.

A statement is one JSON object, schema ``arf.statement/1``::

    {"schema": "arf.statement/1", "kind": "arf.policy-pack/1", "tenant": null,
     "signed_at": "2026-01-02T03:04:05.000006Z", "payload": {…},
     "signatures": [{"alg": "ed25519", "key_id": "sha256:…", "sig": "base64 of 64 bytes"}]}

1. What is signed is ``"arf.signature/1\\n" + kind + "\\n" + JCS(statement without signatures)``. A kind has no
   newline in it: so no signature over one kind is one over another, and no value of the statement is free.
2. The one algorithm is Ed25519 (RFC 8032). Another name for it, or another algorithm, is refused.
3. Only the verifier's own keys count (``verify.trust``), each for the kinds, tenants and times it is trusted for. A key
   inside the statement is an unknown key, and refused as such.
4. There must be a signature, by a trusted key, that holds. Every other one by a trusted key must hold, too; those by
   keys that are not trusted are named and prove nothing. A key signs once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from arf_core.canonical import canonical_bytes
from arf_core.errors import FormatError, VerificationError
from arf_core.models.frozen import shown
from arf_core.verify.fields import bytes_of, digest_of, kind_of, list_of, object_of, read_json, text_of, time_of
from arf_core.verify.trust import TrustedKeys

SCHEMA: Final = "arf.statement/1"
DOMAIN: Final = b"arf.signature/1\n"
ALGORITHM: Final = "ed25519"
SIGNATURE_SIZE: Final = 64
MAX_SIGNATURES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature: by which key, and its 64 bytes."""

    key_id: str
    sig: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement whose form holds; whether its signatures do is for :func:`check_signatures`.

    ``signed`` are the bytes that its signatures are over.
    """

    kind: str
    tenant: str | None
    signed_at: datetime
    payload: Mapping[str, object]
    signatures: tuple[Signature, ...]
    signed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Signers:
    """Whose signatures hold (``trusted``), and by which keys there are others that prove nothing (``unknown``)."""

    trusted: tuple[str, ...]
    unknown: tuple[str, ...]


def read_statement(data: bytes, *, what: str = "the statement") -> Statement:
    """The statement in ``data``.

    Raises:
        FormatError: it is not in the form above; ``what`` names it in the message.
    """
    given = object_of(read_json(data, what=what), what=what, keys=_KEYS)
    if given["schema"] != SCHEMA:
        raise FormatError(f"the schema of {what} is {shown(given['schema'])}: this version reads {SCHEMA!r}")
    kind, tenant, payload = kind_of(given["kind"], what=f"the kind of {what}"), given["tenant"], given["payload"]
    if not isinstance(payload, Mapping):
        raise FormatError(f"the payload of {what} is no object")
    listed = list_of(given["signatures"], what=f"the signatures of {what}", most=MAX_SIGNATURES)
    return Statement(
        kind=kind,
        tenant=None if tenant is None else text_of(tenant, what=f"the tenant of {what}"),
        signed_at=time_of(given["signed_at"], what=f"the signed_at of {what}"),
        payload=payload,
        signatures=tuple(_signature(item, f"signatures[{number}] of {what}") for number, item in enumerate(listed)),
        signed=signed_bytes(given),
    )


def signed_bytes(statement: Mapping[str, object]) -> bytes:
    """What the signatures of ``statement`` are over (rule 1); ``signatures`` themselves are left out.

    Raises:
        InputError: it has no canonical JSON.
        FormatError: it has no kind.
    """
    rest = {name: value for name, value in statement.items() if name != "signatures"}
    kind = kind_of(statement.get("kind"), what="the kind of the statement")
    return DOMAIN + kind.encode("ascii") + b"\n" + canonical_bytes(rest)


def check_signatures(statement: Statement, keys: TrustedKeys) -> Signers:
    """Whose signatures hold, where what rule 4 asks for is there.

    Raises:
        VerificationError: no signature, none by a trusted key, or one that does not hold; the message says which.
    """
    if not statement.signatures:
        raise VerificationError(f"it is not signed: {statement.kind} must be")
    ids = [signature.key_id for signature in statement.signatures]
    if len(set(ids)) != len(ids):
        raise VerificationError("a key has signed it twice")
    for signature in statement.signatures:
        if (key := keys.by_id.get(signature.key_id)) is not None:
            key.check_use(kind=statement.kind, tenant=statement.tenant, signed_at=statement.signed_at)
            check_ed25519(key.public_key, statement.signed, signature.sig, signer=signature.key_id)
    trusted = tuple(key_id for key_id in ids if key_id in keys.by_id)
    if not trusted:
        raise VerificationError(f"it is signed by {ids[0]}, which is not among the {len(keys.by_id)} trusted keys")
    return Signers(trusted=trusted, unknown=tuple(key_id for key_id in ids if key_id not in keys.by_id))


def check_ed25519(public_key: bytes, message: bytes, sig: bytes, *, signer: str) -> None:
    """Nothing, if ``sig`` (64 bytes) is the Ed25519 signature of ``message`` by ``public_key`` (32 bytes).

    Raises:
        VerificationError: it is not, or the key is no key; ``signer`` is named in the message.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(sig, message)
    except (InvalidSignature, ValueError) as error:
        raise VerificationError(f"the signature by {signer} does not hold: it is over other bytes") from error


_KEYS: Final = ("schema", "kind", "tenant", "signed_at", "payload", "signatures")


def _signature(item: object, what: str) -> Signature:
    given = object_of(item, what=what, keys=("alg", "key_id", "sig"))
    if given["alg"] != ALGORITHM:  # rule 2
        raise FormatError(f"the alg of {what} is {shown(given['alg'])}: the one algorithm is {ALGORITHM!r}")
    return Signature(
        key_id=digest_of(given["key_id"], what=f"the key_id of {what}"),
        sig=bytes_of(given["sig"], what=f"the sig of {what}", size=SIGNATURE_SIZE),
    )
