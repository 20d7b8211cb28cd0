# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The identity provider's keys: fetched by discovery, kept, fetched anew when they rotate.

1. Discovery must name the very issuer that was asked (OpenID Connect Discovery 1.0, section 4.3), and a ``jwks_uri``
   that may be fetched.
2. Keys are fetched anew after :data:`FRESH_S`, so that one that was withdrawn ends; and when a token names one that is
   not known, but at most once in :data:`APART_S`: strangers cannot make us ask.
3. While the provider does not answer, known keys serve on until :data:`STALE_S`; after that nobody gets in.
4. Only public keys for signatures are taken: RSA from 2048 bits, P-256, Ed25519.
"""

from __future__ import annotations

import base64
import binascii
import ssl
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from arf_core.errors import FormatError
from arf_core.strict_json import parse_json
from arf_enterprise.errors import IdentityUnavailable, SettingError
from arf_enterprise.identity.provider import Provider, checked_url

if TYPE_CHECKING:
    import httpx

FRESH_S: Final = 3600.0
APART_S: Final = 30.0
STALE_S: Final = 86_400.0
TIMEOUT_S: Final = 5.0
MOST_BYTES: Final = 1_048_576
DISCOVERY: Final = "/.well-known/openid-configuration"
_CURVES: Final = {"EC": "P-256", "OKP": "Ed25519"}
_LEAST_RSA_BYTES: Final = 256

Fetch = Callable[[str], bytes]
"""Reads what is under a URL.

Raises:
    IdentityUnavailable: it cannot be had.
"""
Jwk = Mapping[str, object]


class ProviderKeys:
    """The keys of one provider (a ``tokens.Keys``). Safe to share between threads."""

    def __init__(self, provider: Provider, *, fetch: Fetch, seconds: Callable[[], float]) -> None:
        """Nothing is fetched before the first token; ``seconds`` is a clock that does not go back."""
        self._provider, self._fetch, self._seconds = provider, fetch, seconds
        self._lock = Lock()
        self._keys: Mapping[tuple[str, str], Jwk] = {}
        self._loaded: float | None = None
        self._tried: float | None = None

    def find(self, kid: str, kty: str) -> Jwk | None:
        """The key of this id and type, None if the provider has none (rules 2 and 3).

        Raises:
            IdentityUnavailable: no keys were ever had, or they are too old.
        """
        if not self._is_younger(FRESH_S) or (kid, kty) not in self._keys:
            self._refresh(kid, kty)
        if not self._is_younger(STALE_S):
            raise IdentityUnavailable(f"the keys of {self._provider.issuer} cannot be had")
        return self._keys.get((kid, kty))

    def _refresh(self, kid: str, kty: str) -> None:
        with self._lock:
            if self._is_younger(FRESH_S) and (kid, kty) in self._keys:  # another thread was quicker
                return
            now = self._seconds()
            if self._tried is not None and now - self._tried < APART_S:
                return
            self._tried = now
            try:
                self._keys, self._loaded = self._load(), now
            except IdentityUnavailable:
                if not self._is_younger(STALE_S):
                    raise

    def _is_younger(self, age: float) -> bool:
        return self._loaded is not None and self._seconds() - self._loaded < age

    def _load(self) -> Mapping[tuple[str, str], Jwk]:
        issuer = self._provider.issuer
        found = _object(self._fetch(issuer.rstrip("/") + DISCOVERY), issuer)
        if found.get("issuer") != issuer:  # rule 1
            raise IdentityUnavailable(f"{issuer} says that it is another issuer")
        try:
            url = checked_url(str(found.get("jwks_uri")), what=f"jwks_uri of {issuer}")
        except SettingError as error:
            raise IdentityUnavailable(str(error)) from error
        return {(str(key["kid"]), str(key["kty"])): key for key in usable(_object(self._fetch(url), url))}


def usable(document: Mapping[str, object]) -> Iterator[Jwk]:
    """The keys of a JWK Set (RFC 7517) that may verify signatures (rule 4); others are left out."""
    listed = document.get("keys")
    for key in listed if isinstance(listed, list) else ():
        if isinstance(key, dict) and isinstance(key.get("kid"), str) and _is_usable(key):
            yield {name: value for name, value in key.items() if name in _PUBLIC}


def http_fetch(ca_file: Path | None = None) -> Fetch:
    """Reads by HTTP: :data:`TIMEOUT_S` for each wait, at most :data:`MOST_BYTES`, no redirects."""

    def fetch(url: str) -> bytes:
        import httpx

        try:
            with (
                httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, verify=_trust(ca_file)) as client,
                client.stream("GET", url, headers={"Accept": "application/json"}) as answer,
            ):
                return _body(answer, url)
        except (httpx.HTTPError, OSError) as error:
            raise IdentityUnavailable(f"{url} cannot be read: {type(error).__name__}") from error

    return fetch


def _body(answer: httpx.Response, url: str) -> bytes:
    if answer.status_code != 200:
        raise IdentityUnavailable(f"{url} answers {answer.status_code}")
    parts, size = [], 0
    for part in answer.iter_bytes():
        size += len(part)
        if size > MOST_BYTES:
            raise IdentityUnavailable(f"{url} answers more than {MOST_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)


_PUBLIC: Final = frozenset({"kty", "kid", "alg", "use", "n", "e", "crv", "x", "y"})


def _is_usable(key: dict[str, object]) -> bool:
    kty = key.get("kty")
    if key.get("use", "sig") != "sig":
        return False
    if kty == "RSA":
        return _size(key.get("n")) >= _LEAST_RSA_BYTES
    return kty in _CURVES and key.get("crv") == _CURVES[str(kty)]


def _size(value: object) -> int:
    try:
        return len(base64.urlsafe_b64decode(f"{value}==").lstrip(b"\0"))
    except (binascii.Error, ValueError):
        return 0


def _object(data: bytes, where: str) -> Mapping[str, object]:
    try:
        found = parse_json(data, what=where)
    except FormatError as error:
        raise IdentityUnavailable(f"{where} does not answer with JSON") from error
    if not isinstance(found, dict):
        raise IdentityUnavailable(f"{where} does not answer with an object")
    return found


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
