# SPDX-License-Identifier: Apache-2.0
"""Says whose a bearer token is: one known token, or an access token (JWT) of an OAuth issuer, checked offline.

The rules for a JWT (RFC 9068, RFC 8725); their numbers stand again where they are kept:

1. It is signed by a key of the JWKS file, named by its ``kid``; keys and addresses inside the token are never used.
2. The algorithm is one of :data:`ALGORITHMS` and fits the key: no ``none``, no shared secrets.
3. ``typ`` is that of an access token or of a plain JWT: an id token or another kind is not taken.
4. ``iss`` is the issuer, exactly; ``aud`` names this server; ``exp`` and ``sub`` are there; times hold, give or
   take :data:`LEEWAY`.
"""

from __future__ import annotations

import hmac
import json
import logging
from pathlib import Path
from typing import Any, Final

from mcp.server.auth.provider import AccessToken, TokenVerifier
from mcp.server.auth.settings import AuthSettings
from pydantic import AnyHttpUrl

from arf_core.errors import SettingsError
from arf_mcp_client.settings import HttpSettings, OAuth

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY: Final = 30
"""By how many seconds clocks may differ."""

MAX_TOKEN: Final = 16_384
_TYPES: Final = (None, "jwt", "at+jwt", "application/at+jwt")
_log = logging.getLogger(__name__)


def auth_of(settings: HttpSettings) -> tuple[AuthSettings | None, TokenVerifier | None]:
    """How the server is to check tokens: (None, None) where it listens to this machine alone and to all of it.

    Raises:
        SettingsError: the JWKS file cannot be used.
    """
    if settings.oauth is not None:
        oauth = settings.oauth
        known = {  # the addresses as text: an issuer is compared to the letter, and AnyHttpUrl would add a slash
            "issuer_url": oauth.issuer,
            "resource_server_url": oauth.audience,
            "required_scopes": list(oauth.scopes) or None,
            "validate_token_resource": True,
        }
        return AuthSettings.model_validate(known), JwtVerifier(oauth)
    if settings.token is not None:
        # The issuer is never shown: without a resource address there is no metadata to show it in.
        nobody = AuthSettings(issuer_url=AnyHttpUrl("http://localhost"), resource_server_url=None)
        return nobody, OneToken(settings.token)
    return None, None


class OneToken:
    """Knows one token."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    async def verify_token(self, token: str) -> AccessToken | None:
        """The holder of ``token``, None if it is not the one; the time taken does not tell how much of it was right."""
        if not hmac.compare_digest(token.encode("utf-8", "replace"), self._token):
            return None
        return AccessToken(token="", client_id="bearer", scopes=[])  # the token itself is not passed on


class JwtVerifier:
    """Checks access tokens of one issuer against the keys of a file."""

    def __init__(self, oauth: OAuth) -> None:
        """Read the keys.

        Raises:
            SettingsError: the file is not there, or has no key that may be used.
        """
        self._oauth = oauth
        self._stamp, self._keys = _stamp(oauth.jwks), read_keys(oauth.jwks)

    async def verify_token(self, token: str) -> AccessToken | None:
        """Who holds ``token`` and what for, None if it breaks a rule; the log says which."""
        from jwt import PyJWTError

        try:
            return self._verified(token)
        except (PyJWTError, ValueError, OverflowError) as error:  # the last two: numbers that are none
            _log.info("token_refused reason=%s", type(error).__name__)
            return None

    def _verified(self, token: str) -> AccessToken:
        import jwt

        if len(token) > MAX_TOKEN:
            raise jwt.InvalidTokenError("too long")
        header = jwt.get_unverified_header(token)
        kind = header.get("typ")
        if (kind.lower() if isinstance(kind, str) else kind) not in _TYPES:  # rule 3
            raise jwt.InvalidTokenError("another kind of token")
        key = self._key(header.get("kid"))  # rule 1
        claims = jwt.decode(
            token,
            key,
            algorithms=[name for name in ALGORITHMS if key.algorithm_name == name],  # rule 2
            issuer=self._oauth.issuer,  # rule 4
            audience=self._oauth.audience,
            leeway=LEEWAY,
            options={"require": ["exp", "iss", "aud", "sub"], "verify_sub": True},
        )
        return AccessToken(
            token="",  # the token itself is not passed on
            client_id=str(claims.get("client_id") or claims.get("azp") or claims["sub"]),
            scopes=_scopes(claims),
            expires_at=int(claims["exp"]),
            resource=self._oauth.audience,
            subject=claims["sub"],
            claims={"iss": self._oauth.issuer},
        )

    def _key(self, key_id: object) -> Any:
        import jwt

        self._reread()
        if key_id is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        if not isinstance(key_id, str) or key_id not in self._keys:
            raise jwt.InvalidKeyError("unknown key")
        return self._keys[key_id]

    def _reread(self) -> None:
        """Keys are rotated by writing the file anew; a file that cannot be used leaves the known keys in force."""
        try:
            stamp = _stamp(self._oauth.jwks)
            if stamp != self._stamp:
                self._keys, self._stamp = read_keys(self._oauth.jwks), stamp
        except SettingsError as error:
            _log.warning("jwks_unusable reason=%s", error)


def read_keys(file: Path) -> dict[str, Any]:
    """The public keys of a JWKS file that may sign, by their ``kid``.

    Raises:
        SettingsError: no such file, no JWKS, or no key in it that may be used.
    """
    import jwt

    try:
        document = json.loads(file.read_bytes())
        keys = jwt.PyJWKSet.from_dict(document).keys
    except (OSError, ValueError, AttributeError, TypeError, jwt.PyJWTError) as error:
        raise SettingsError(f"the JWKS file {file} cannot be used: {error}") from error
    usable = {
        key.key_id or "": key
        for key in keys
        if key.public_key_use in {None, "sig"} and key.algorithm_name in ALGORITHMS
    }
    if not usable:
        raise SettingsError(f"the JWKS file {file} has no public key that may sign ({', '.join(ALGORITHMS)})")
    return usable


def _stamp(file: Path) -> tuple[int, int]:
    try:
        status = file.stat()
    except OSError as error:
        raise SettingsError(f"the JWKS file {file} cannot be read: {error.strerror}") from error
    return status.st_mtime_ns, status.st_size


def _scopes(claims: dict[str, Any]) -> list[str]:
    given = claims.get("scope", claims.get("scp", []))
    if isinstance(given, str):
        return given.split()
    return [one for one in given if isinstance(one, str)] if isinstance(given, list) else []
