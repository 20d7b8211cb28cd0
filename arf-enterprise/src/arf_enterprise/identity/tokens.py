# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Verifies a bearer token of the identity provider (RFC 9068, 7519, 8725), in this order:

1. It is three parts of base64url of a bounded size, and its header is JSON without a doubled key.
2. ``alg`` is in the list of the settings: never ``none``, never one with a shared secret. Nothing in the header chooses
   a key but ``kid``; what is critical and unknown (``crit``) is refused. ``typ`` is that of an access token, or JWT.
3. The key is one of the provider's own, and its type is that of ``alg``: an RSA key never serves as a secret.
4. The signature holds, over the bytes as they came.
5. ``iss`` and ``aud`` are those of the settings; ``sub`` is a name.
6. It is not expired, not from the future, and lives at most :data:`LONGEST`: a token cannot be taken back.
7. It is not bound to a key of the sender (``cnf``): that proof is not asked for here, so it must not be a bearer's.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol, cast

from arf_core.errors import FormatError
from arf_core.strict_json import parse_json
from arf_enterprise.errors import NotAuthenticated
from arf_enterprise.identity.provider import Provider

LONGEST: Final = timedelta(hours=24)
MOST_BYTES: Final = 16_384
KEY_TYPES: Final[Mapping[str, str]] = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}
"""The type of key (``kty``) that an algorithm works with."""
_TYPES: Final = frozenset({"at+jwt", "application/at+jwt", "jwt", ""})

Claims = Mapping[str, object]


class Keys(Protocol):
    """Where the provider's keys come from."""

    def find(self, kid: str, kty: str) -> Mapping[str, object] | None:
        """The key (RFC 7517) of this id and type, None if the provider has none.

        Raises:
            IdentityUnavailable: the provider does not answer.
        """


def verify(token: str, *, provider: Provider, keys: Keys, now: datetime) -> Claims:
    """The claims of ``token``, if everything above holds.

    Raises:
        NotAuthenticated: it does not; the message says which step failed, and has no part of the token.
        IdentityUnavailable: the provider's keys cannot be had.
    """
    header, payload = _parts(token)  # 1
    algorithm = _algorithm(header, provider)  # 2
    kid = _text(header.get("kid"), "kid")
    key = keys.find(kid, KEY_TYPES[algorithm])  # 3
    if key is None:
        raise NotAuthenticated("the token names a key that the identity provider does not have")
    if key.get("alg", algorithm) != algorithm:
        raise NotAuthenticated("the token's alg is not that of its key")
    _check_signature(token, key, algorithm)  # 4
    claims = _object(payload, "the token's claims")
    _check_names(claims, provider)  # 5
    _check_times(claims, provider.skew, now)  # 6
    if "cnf" in claims:  # 7
        raise NotAuthenticated("the token is bound to a key of its sender, and such tokens are not taken")
    return claims


def _parts(token: str) -> tuple[Claims, bytes]:
    parts = token.split(".") if len(token) <= MOST_BYTES else []
    if len(parts) != 3:
        raise NotAuthenticated("the bearer token is neither an API key nor a signed JWT")
    header, payload, _ = (_decoded(part) for part in parts)
    return _object(header, "the token's header"), payload


def _decoded(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotAuthenticated("the token is not base64url") from error


def _object(data: bytes, what: str) -> Claims:
    try:
        found = parse_json(data, what=what)
    except FormatError as error:
        # Its message may quote a key of the token: it is not passed on.
        raise NotAuthenticated(f"{what} cannot be read") from error
    if not isinstance(found, dict):
        raise NotAuthenticated(f"{what} cannot be read")
    return cast("Claims", found)


def _algorithm(header: Claims, provider: Provider) -> str:
    algorithm, kind = header.get("alg"), header.get("typ", "")
    if not isinstance(algorithm, str) or algorithm not in provider.algorithms:
        raise NotAuthenticated(f"the token's alg is none of {', '.join(provider.algorithms)}")
    if "crit" in header or "b64" in header:
        raise NotAuthenticated("the token's header has a critical extension")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise NotAuthenticated("the token's typ is not that of an access token")
    if provider.token_type is not None and kind.lower().removeprefix("application/") != provider.token_type.lower():
        raise NotAuthenticated(f"the token's typ is not {provider.token_type}")
    return algorithm


def _check_signature(token: str, key: Mapping[str, object], algorithm: str) -> None:
    import jwt

    try:
        jwt.PyJWS(algorithms=[algorithm]).decode_complete(
            token, jwt.PyJWK(dict(key), algorithm=algorithm), algorithms=[algorithm]
        )
    except jwt.PyJWTError as error:
        raise NotAuthenticated("the token's signature does not hold") from error


def _check_names(claims: Claims, provider: Provider) -> None:
    if claims.get("iss") != provider.issuer:
        raise NotAuthenticated("the token is another issuer's")
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if provider.audience not in named:
        raise NotAuthenticated(f"the token is not for the audience {provider.audience!r:.80}")
    _text(claims.get("sub"), "sub")


def _check_times(claims: Claims, skew: timedelta, now: datetime) -> None:
    expires, issued = _time(claims, "exp"), _time(claims, "iat")
    starts = _time(claims, "nbf") if "nbf" in claims else issued
    if now >= expires + skew:
        raise NotAuthenticated("the token has expired")
    if max(issued, starts) > now + skew:
        raise NotAuthenticated("the token is from the future, or not valid yet: compare the two clocks")
    if expires - issued > LONGEST:
        raise NotAuthenticated(f"the token lives longer than {LONGEST.total_seconds() / 3600:g} hours")


def _time(claims: Claims, name: str) -> datetime:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise NotAuthenticated(f"the token has no {name}, or one that is no time")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise NotAuthenticated(f"the token has no {name}, or one that is no time") from error


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 200 or not value.isprintable():
        raise NotAuthenticated(f"the token has no {name}, or one that is no name")
    return value
