# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The keys that a licence may be signed with: package data, and nothing at run time can add one.

``keys.json``::

    {"schema": "arf.vendor-keys/1", "build": "development" | "release",
     "keys": [{"public_key": "base64 of 32 bytes", "use": "vendor" | "development", "not_after": "2031-…Z"}]}

1. A key's id is the SHA-256 of its raw public key.
2. A development key signs development licences only, and its private half is no secret (:data:`DEVELOPMENT_PHRASE`):
   it makes trying out and testing possible, and proves nothing.
3. A release build has no development key: ``keys.json`` that says "release" and has one does not load. Nor does one
   that calls the development key a vendor's.
4. Nothing that a key signed is good beyond its ``not_after``: a licence ends before its key does.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from arf_core.canonical import file_digest
from arf_core.errors import FormatError
from arf_core.strict_json import parse_json
from arf_core.verify.fields import bytes_of, list_of, object_of, time_of
from arf_core.verify.trust import KEY_SIZE
from arf_enterprise.errors import LicenseError

SCHEMA: Final = "arf.vendor-keys/1"
DEVELOPMENT_PHRASE: Final = b"arf-enterprise development key: not a secret, signs development licences only"
"""The SHA-256 of this text is the private half of the development key."""
DEVELOPMENT_KEY: Final = base64.b64decode("ke2hQGPdwa1FasXueVFbRQiJsbzmbbaAlC14siz8x+k=")
"""Its public half."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorKey:
    """A public key (32 raw bytes), until when what it signs is good, and whether it signs development licences only."""

    public_key: bytes
    not_after: datetime
    is_development: bool

    @property
    def key_id(self) -> str:
        """What licences name the key by."""
        return file_digest(self.public_key)


@dataclass(frozen=True, slots=True)
class Keyring:
    """Trusted keys by id."""

    by_id: Mapping[str, VendorKey]

    @classmethod
    def of(cls, *keys: VendorKey) -> Keyring:
        """A ring of these keys."""
        return cls(MappingProxyType({key.key_id: key for key in keys}))


@cache
def package_keyring() -> Keyring:
    """The keys that this build trusts.

    Raises:
        LicenseError: ``keys.json`` was damaged, or is a release's with a development key (rule 3).
    """
    return read_keyring((files(__package__) / "keys.json").read_bytes())


def read_keyring(data: bytes) -> Keyring:
    """The keys in the text of a ``keys.json``.

    Raises:
        LicenseError: it is not in the form above.
    """
    try:
        document = object_of(parse_json(data, what="keys.json"), what="keys.json", keys=("schema", "build", "keys"))
        keys = [_key(item) for item in list_of(document["keys"], what="keys", most=100)]
        is_release = _chosen(document["build"], {"release": True, "development": False})
    except FormatError as error:
        raise LicenseError(f"keys.json of this installation is damaged: {error}") from error
    if document["schema"] != SCHEMA or not all(_is_fit(key, is_release=is_release) for key in keys):  # rule 3
        raise LicenseError("keys.json of this installation is not one of the vendor's: install arf-enterprise again")
    return Keyring.of(*keys)


def _is_fit(key: VendorKey, *, is_release: bool) -> bool:
    return not is_release if key.is_development else key.public_key != DEVELOPMENT_KEY


def _key(item: object) -> VendorKey:
    given = object_of(item, what="a key", keys=("public_key", "use", "not_after"))
    return VendorKey(
        public_key=bytes_of(given["public_key"], what="a public_key", size=KEY_SIZE),
        not_after=time_of(given["not_after"], what="a not_after"),
        is_development=_chosen(given["use"], {"vendor": False, "development": True}),
    )


def _chosen(value: object, choices: Mapping[str, bool]) -> bool:
    if not isinstance(value, str) or value not in choices:
        raise FormatError(f"one of {', '.join(choices)} is expected")
    return choices[value]
