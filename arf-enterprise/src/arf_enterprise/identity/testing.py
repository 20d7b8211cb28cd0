# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""A small identity provider for tests, on this machine: real discovery, real keys, real rotation, over real HTTP.

It signs whatever it is told to, also what no honest provider would.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from arf_enterprise.identity.principal import Role
from arf_enterprise.identity.provider import Provider

AUDIENCE: Final = "arf"
PEOPLE: Final = "arf-console"
"""The client that people log in with."""
DISCOVERY_PATH: Final = "/.well-known/openid-configuration"
JWKS_PATH: Final = "/jwks"
_SERIAL: Final = count()

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A private key of the provider, and what it is called."""

    kid: str
    algorithm: str
    private: PrivateKey = field(repr=False)

    def jwk(self) -> dict[str, Any]:
        """The public half, as RFC 7517 has it."""
        maker = jwt.get_algorithm_by_name(self.algorithm)
        made: dict[str, Any] = json.loads(maker.to_jwk(self.private.public_key()))
        return {**made, "kid": self.kid, "alg": self.algorithm, "use": "sig"}


def signing_key(algorithm: str = "ES256") -> SigningKey:
    """A new key for ``algorithm``."""
    private: PrivateKey
    if algorithm in {"RS256", "PS256"}:
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    elif algorithm == "ES256":
        private = ec.generate_private_key(ec.SECP256R1())
    else:
        private = ed25519.Ed25519PrivateKey.generate()
    return SigningKey(kid=f"key-{next(_SERIAL)}", algorithm=algorithm, private=private)


@dataclass(slots=True, kw_only=True)
class LocalProvider:
    """The provider: ``keys`` are what it publishes, ``asked`` counts who asked for what, ``broken`` answers 500."""

    issuer: str
    keys: list[SigningKey]
    documents: dict[str, object] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    broken: bool = False

    def rotate(self, algorithm: str = "ES256") -> SigningKey:
        """Publish a new key instead of the old ones."""
        self.keys = [signing_key(algorithm)]
        return self.keys[0]

    def settings(self, **changed: Any) -> Provider:
        """What an installation is told of it."""
        fields: dict[str, Any] = {
            "issuer": self.issuer,
            "audience": AUDIENCE,
            "people_clients": frozenset({PEOPLE}),
            "roles_claim": "groups",
            "roles": {role.value: frozenset({role}) for role in Role},
            "tenants_claim": "arf_tenants",
        }
        return Provider(**{**fields, **changed})

    def claims(self, *, now: datetime, **changed: Any) -> dict[str, Any]:
        """The claims of a person's access token; a claim that is None is left out."""
        start = int(now.timestamp())
        fields: dict[str, Any] = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": "alice",
            "client_id": PEOPLE,
            "groups": ["viewer"],
            "iat": start,
            "exp": start + int(timedelta(minutes=10).total_seconds()),
        }
        return {name: value for name, value in {**fields, **changed}.items() if value is not None}

    def token(
        self,
        *,
        now: datetime,
        key: SigningKey | None = None,
        header: Mapping[str, object] | None = None,
        **changed: Any,
    ) -> str:
        """A signed token: of :meth:`claims` with ``changed``, by ``key`` or the first one that is published."""
        signer = key or self.keys[0]
        heading = {"kid": signer.kid, "typ": "at+jwt", **(header or {})}
        return jwt.encode(
            self.claims(now=now, **changed), signer.private, algorithm=signer.algorithm, headers=dict(heading)
        )

    def answer(self, path: str) -> object:
        """The document under ``path``, None if there is none."""
        self.asked[path] = self.asked.get(path, 0) + 1
        if path in self.documents:
            return self.documents[path]
        if path == DISCOVERY_PATH:
            return {"issuer": self.issuer, "jwks_uri": self.issuer + JWKS_PATH}
        return {"keys": [key.jwk() for key in self.keys]} if path == JWKS_PATH else None


@contextmanager
def local_provider(algorithm: str = "ES256") -> Iterator[LocalProvider]:
    """A provider that listens on a free port of this machine, for as long as the block lasts."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    provider = LocalProvider(issuer=f"http://127.0.0.1:{server.server_port}", keys=[signing_key(algorithm)])
    server.provider = provider  # type: ignore[attr-defined]  # where its handler finds it
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer with the provider's document."""
        provider: LocalProvider = self.server.provider  # type: ignore[attr-defined]
        found = provider.answer(self.path)
        body = found if isinstance(found, bytes) else json.dumps(found).encode()
        self.send_response(500 if provider.broken else 404 if found is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Nothing: the tests count themselves."""
