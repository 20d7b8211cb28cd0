# SPDX-License-Identifier: Apache-2.0
"""The keys a verifier trusts: given by the verifier alone, never taken from what is verified.

A file of trusted keys is one JSON object, schema ``arf.trusted-keys/1``::

    {"schema": "arf.trusted-keys/1",
     "keys": [{"key_id": "sha256:…", "public_key": "base64 of 32 bytes", "kinds": ["arf.policy-pack/1"],
               "not_before": "2026-01-01T00:00:00.000000Z", "not_after": "2027-01-01T00:00:00.000000Z",
               "revoked_from": null, "tenants": null}]}

1. ``key_id`` is ``sha256:`` and SHA-256 of the 32 raw bytes of the public key, and must recompute.
2. A key may sign only the kinds of artifact that are listed for it.
3. It may sign from ``not_before`` on, before ``not_after``, and before ``revoked_from`` if that is not null.
4. ``tenants`` null: it may sign for every tenant, and for none. A list: only for these tenants.
5. A key stands once in all files together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

from arf_core.canonical import file_digest
from arf_core.errors import FormatError, VerificationError
from arf_core.verify.fields import bytes_of, digest_of, kind_of, list_of, object_of, read_json, text_of, time_of

SCHEMA: Final = "arf.trusted-keys/1"
KEY_SIZE: Final = 32
MAX_KEYS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """A public key, and what it may sign: ``kinds``, from ``not_before`` until ``not_after`` or ``revoked_from``."""

    key_id: str
    public_key: bytes
    kinds: frozenset[str]
    not_before: datetime
    not_after: datetime
    revoked_from: datetime | None = None
    tenants: frozenset[str] | None = None

    def check_use(self, *, kind: str, tenant: str | None, signed_at: datetime) -> None:
        """Nothing, if the key may sign an artifact of ``kind`` for ``tenant`` at ``signed_at``.

        Raises:
            VerificationError: it may not; the message says by which rule.
        """
        if kind not in self.kinds:  # rule 2
            raise VerificationError(f"{self.key_id} may sign {', '.join(sorted(self.kinds))}, and not {kind}")
        if self.tenants is not None and tenant not in self.tenants:  # rule 4
            raise VerificationError(f"{self.key_id} may not sign for {'no tenant' if tenant is None else repr(tenant)}")
        if not self.not_before <= signed_at < self.not_after:  # rule 3
            times = f"from {self.not_before.isoformat()} until {self.not_after.isoformat()}"
            raise VerificationError(f"{self.key_id} may sign {times}: this was signed at {signed_at.isoformat()}")
        if self.revoked_from is not None and signed_at >= self.revoked_from:
            raise VerificationError(f"{self.key_id} was revoked from {self.revoked_from.isoformat()} on")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKeys:
    """All keys a verifier trusts, by their ids."""

    by_id: Mapping[str, TrustedKey] = field(default_factory=dict)


def read_trusted_keys(files: Iterable[tuple[str, bytes]]) -> TrustedKeys:
    """The keys in ``files``, given as (name, content).

    Raises:
        FormatError: a file is not in the form above, a key stands twice, or there is no key at all.
    """
    found: dict[str, TrustedKey] = {}
    for name, data in files:
        root = object_of(read_json(data, what=name), what=name, keys=("schema", "keys"))
        if root["schema"] != SCHEMA:
            raise FormatError(f"the schema of {name} is not {SCHEMA}")
        for number, item in enumerate(list_of(root["keys"], what=f"keys of {name}", most=MAX_KEYS)):
            key = _key(item, f"keys[{number}] of {name}")
            if found.setdefault(key.key_id, key) is not key:  # rule 5
                raise FormatError(f"keys[{number}] of {name}: {key.key_id} stands a second time")
    if not found:
        raise FormatError("there is no trusted key in what was given")
    return TrustedKeys(by_id=MappingProxyType(found))


_KEYS: Final = ("key_id", "public_key", "kinds", "not_before", "not_after")


def _key(item: object, what: str) -> TrustedKey:
    given = object_of(item, what=what, keys=_KEYS, optional=("revoked_from", "tenants"))
    raw = bytes_of(given["public_key"], what=f"the public_key of {what}", size=KEY_SIZE)
    stated = digest_of(given["key_id"], what=f"the key_id of {what}")
    if stated != file_digest(raw):  # rule 1
        raise FormatError(f"the key_id of {what} is {stated}: the public key gives {file_digest(raw)}")
    kinds = list_of(given["kinds"], what=f"the kinds of {what}", most=100)
    tenants, revoked = given.get("tenants"), given.get("revoked_from")
    if not kinds:
        raise FormatError(f"the kinds of {what} are empty: name what the key may sign")
    return TrustedKey(
        key_id=stated,
        public_key=raw,
        kinds=frozenset(kind_of(kind, what=f"a kind of {what}") for kind in kinds),
        not_before=time_of(given["not_before"], what=f"the not_before of {what}"),
        not_after=time_of(given["not_after"], what=f"the not_after of {what}"),
        revoked_from=None if revoked is None else time_of(revoked, what=f"the revoked_from of {what}"),
        tenants=None if tenants is None else _tenants(tenants, what),
    )


def _tenants(value: object, what: str) -> frozenset[str]:
    tenants = list_of(value, what=f"the tenants of {what}", most=MAX_KEYS)
    return frozenset(text_of(tenant, what=f"a tenant of {what}") for tenant in tenants)
